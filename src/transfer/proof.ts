/**
 * The proof that a target holds what its source holds: the source's blocks are hashed as they are read, the target's as they are read
 * back after it was synced (and dropped from the cache, where that is possible), and the hashes compared. What is hashed is the block in
 * memory that was written: the proof shows that every byte that came is on the target, in its place, and nothing else is. That it came
 * rightly is shown by what transport and format have for it (TLS, the checksum of each deflated grain), and by reading the source
 * once more where a job asks for that (engine/recheck.ts).
 *
 * What is read back of a cold copy is read when all of it was written, not each part behind its writing: the whole target, so that a
 * late write in a wrong place would be seen too. A warm one is read back by passes: each reads what it wrote, and the journal remembers that
 * (`proven`) until the block is touched again, so that the last pass, which the VM waits for, reads what it brought and no more
 * (prove-target.ts), most of it while the rest is on its way (early-proof.ts). What others do to a block after that is seen by whoever reads it next: the pass that touches it again where it reads the
 * block as a whole, a last pass with `proveAll`, or a later `verify`.
 *
 * Blocks that this very process brought are compared by tags (proof/block-tags.ts), which is as sure and takes a tenth of the time;
 * where there is no tag, or another one, the SHA-256 decides.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { TransferJob, TransferProgress } from '../model/transfer.ts';
import { type Bytes, KiB, MiB } from '../model/units.ts';
import { type FileRead, type HashBlock, type HashTask, WORKER_DEPTH } from './blocks/task.ts';
import type { BlockWorkers } from './blocks/workers.ts';
import { checkCanceled, systemCode } from './cancellation.ts';
import { eachOf } from './lanes.ts';
import type { AllocatedReader } from './nbd/connection.ts';
import { serveImage } from './nbd/qemu-nbd.ts';
import { StageProgress } from './progress.ts';
import { allocatedBlocks, type BlockParts, countAllocated } from './proof/allocated-blocks.ts';
import { BlockHashes } from './proof/block-hashes.ts';
import type { BlockTags } from './proof/block-tags.ts';
import { BLOCK } from './proof/cell-hashes.ts';
import { fileNode, imageNode } from './qemu-img/argv.ts';
import type { Workspace } from './workspace.ts';
import { forgetCache } from './writers/forget-cache.ts';
import { onTarget } from './writers/target-errors.ts';

export interface HashTargetOptions {
  readonly job: TransferJob;
  readonly workspace: Workspace;
  readonly workers: BlockWorkers;
  readonly signal: AbortSignal;
  /** Told of the stage `prove`. */
  readonly onProgress: (progress: TransferProgress) => void;
  /** What is expected to be there, with tags of what this process brought: a block with its tag has the expected hash. */
  readonly expected?: { readonly hashes: BlockHashes; readonly tags: BlockTags | undefined };
}

/**
 * Hashes a finished raw file or device. The holes of a file come from its file system (SEEK_HOLE, asked through qemu-nbd, as Node cannot
 * ask) and are zeros by definition; everything else is read from the target itself.
 * @throws MigrationError `target-write-failed`, `tool-missing`, `canceled`
 */
export async function hashTarget(file: string, options: HashTargetOptions): Promise<BlockHashes> {
  const { job, workspace, workers, signal, onProgress, expected } = options;
  const size = job.source.capacity;
  const forgotten = forgetCache(file, signal);
  return await onTarget(file, async () => {
    await using handle = await open(file, 'r');
    await using map = await openMap(file, handle, { workspace, signal });
    await forgotten;
    const end = Math.min(size, map.size);
    const total = await countAllocated(map, end, signal);
    const progress = new StageProgress({ job: job.id, stage: 'prove', total }, onProgress);
    const hashes = new BlockHashes(size);
    const runs = inRuns(allocatedBlocks(map, end, signal));
    await eachOf(runs, workers.depth, async (run) => {
      hashes.setAll(await workers.run(hashTask(handle.fd, run, expected ?? { hashes, tags: undefined })));
      progress.add(bytesOf(run));
    });
    progress.finish();
    return hashes;
  });
}

/** Some blocks of a target, in order. */
export interface SomeBlocks {
  readonly blocks: AsyncIterable<ReadBack>;
  /** Bytes that will be read at most. */
  readonly total: Bytes;
}

/** A block that is read back. What is in none of its parts is zeros. */
export interface ReadBack extends BlockParts {
  /** The rest was read back before: only the parts are looked at, and only by their tag. */
  readonly onlyParts?: true;
}

type WrongOptions = Omit<HashTargetOptions, 'workspace'> & Required<Pick<HashTargetOptions, 'expected'>>;

/**
 * Reads some blocks of a target that was written, from its medium where that is possible.
 * @param some tells the blocks, once more where that is needed
 * @returns those that have not the hash that is expected of them, ascending
 * @throws as hashTarget
 */
export async function wrongBlocks(file: string, some: () => SomeBlocks, options: WrongOptions): Promise<readonly number[]> {
  const wrong = await wrongPastCache(file, some(), options);
  if (wrong !== undefined) return wrong;
  await forgetCache(file, options.signal);
  return await onTarget(file, async () => {
    await using handle = await open(file, 'r');
    return await wrongOf(handle, some(), options);
  });
}

/** The same from the medium itself; undefined where the file system, or the medium, cannot be read past the kernel's cache, or not in this way. */
export async function wrongPastCache(
  file: string,
  some: SomeBlocks,
  options: WrongOptions,
): Promise<readonly number[] | undefined> {
  if (options.job.source.capacity % DIRECT_UNIT !== 0) return undefined;
  return await onTarget(file, async () => {
    try {
      await using handle = await open(file, constants.O_RDONLY | constants.O_DIRECT);
      return await wrongOf(handle, some, options);
    } catch (error) {
      if (!NOT_PAST_CACHE.has(systemCode(error) ?? '')) throw error;
      return undefined;
    }
  });
}

async function wrongOf(
  handle: FileHandle,
  { blocks, total }: SomeBlocks,
  { job, workers, signal, onProgress, expected }: WrongOptions,
): Promise<readonly number[]> {
  const wrong: number[] = [];
  if (total > 0) {
    const progress = new StageProgress({ job: job.id, stage: 'prove', total }, onProgress);
    const threads = Math.ceil(total / WORTH_A_THREAD);
    await eachOf(inRuns(blocks), Math.min(workers.depth, threads * WORKER_DEPTH), async (run) => {
      checkCanceled(signal);
      for (const { index, digest } of await workers.run(hashTask(handle.fd, run, expected))) {
        if (Buffer.compare(digest, expected.hashes.get(index)) !== 0) wrong.push(index);
      }
      progress.add(bytesOf(run));
    });
    progress.finish();
  }
  return wrong.toSorted((a, b) => a - b);
}

interface TargetMap extends Pick<AllocatedReader, 'allocation'>, AsyncDisposable {
  readonly size: Bytes;
}

/** Where a target holds data. Nobody can tell that of a device: all of it is read. */
async function openMap(
  file: string,
  handle: FileHandle,
  { workspace, signal }: { readonly workspace: Workspace; readonly signal: AbortSignal },
): Promise<TargetMap> {
  if ((await handle.stat()).isFile()) {
    return await serveImage(imageNode('raw', fileNode(file), null), { workspace, name: 'target', signal });
  }
  return {
    size: Number.MAX_SAFE_INTEGER,
    allocation: async (offset, length) => [{ offset, length, zero: false }],
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Read back in the time that a thread takes to start. */
const WORTH_A_THREAD: Bytes = 256 * MiB;
/** What file systems say that cannot be read so, or not with what was asked for. */
const NOT_PAST_CACHE: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP']);
/** What a medium is read in past the cache; cells are multiples of it. */
const DIRECT_UNIT: Bytes = 4 * KiB;
/** Read together: large reads in the order of the disk, which the kernel reads ahead of. */
const RUN_BYTES: Bytes = 4 * BLOCK;

async function* inRuns(blocks: AsyncIterable<ReadBack>): AsyncGenerator<readonly ReadBack[], undefined> {
  let run: ReadBack[] = [];
  let bytes = 0;
  for await (const block of blocks) {
    const more = block.onlyParts === true ? bytesOf([block]) : BLOCK;
    if (bytes + more > RUN_BYTES) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(block);
    bytes += more;
  }
  if (run.length > 0) yield run;
  return undefined;
}

function bytesOf(run: readonly BlockParts[]): Bytes {
  return run.reduce((sum, { parts }) => sum + parts.reduce((bytes, { length }) => bytes + length, 0), 0);
}

function hashTask(fd: number, run: readonly ReadBack[], { hashes, tags }: NonNullable<HashTargetOptions['expected']>): HashTask {
  const reads: FileRead[] = [];
  const blocks: HashBlock[] = [];
  let bytes = 0;
  for (const { index, parts, onlyParts = false } of run) {
    let packed = bytes;
    for (const { offset, length } of parts) {
      addRead(reads, { fd, at: offset, length, into: onlyParts ? packed : bytes + offset - index * BLOCK });
      packed += length;
    }
    const length = onlyParts ? packed - bytes : hashes.lengthOf(index);
    const digest = hashes.get(index);
    const tag = tags?.get(index, digest);
    const expected = tag !== undefined && { expected: { digest: Uint8Array.from(digest), tag } };
    blocks.push({ index, length, ...(onlyParts && { onlyParts }), ...expected });
    bytes += length;
  }
  return { kind: 'hash', reads, bytes, blocks, ...(tags !== undefined && { key: tags.key }) };
}

/** What follows the last read both in the file and in memory is one read with it. */
function addRead(reads: FileRead[], read: FileRead): void {
  const last = reads.at(-1);
  const joins = last !== undefined && last.at + last.length === read.at && last.into + last.length === read.into;
  if (joins) reads[reads.length - 1] = { ...last, length: last.length + read.length };
  else reads.push(read);
}
