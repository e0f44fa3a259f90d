/**
 * The proof that a target holds what its source holds: the source's blocks are hashed as they are read, the target's as they are read
 * back after it was synced (and dropped from the cache, where that is possible), and the hashes compared. What is hashed is the block in
 * memory that was written: the proof shows that every byte that came is on the target, in its place, and nothing else is. That it came
 * rightly is shown by what transport and format have for it (TLS, the checksum of each deflated grain), and by reading the source
 * once more where a job asks for that (engine/recheck.ts).
 *
 * The whole target is read when all of it was written, not each part behind its writing: a late write in a wrong place would not be seen
 * otherwise. Blocks that this very process brought are compared by tags (proof/block-tags.ts), which is as sure and takes a tenth of the time;
 * where there is no tag, or another one, the SHA-256 decides.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { TransferJob, TransferProgress } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import type { FileRead, HashBlock, HashTask } from './blocks/task.ts';
import type { BlockWorkers } from './blocks/workers.ts';
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
      for (const { parts } of run) for (const { length } of parts) progress.add(length);
    });
    progress.finish();
    return hashes;
  });
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

/** Blocks read together: large reads in the order of the disk, which the kernel reads ahead of. */
const RUN_BLOCKS = 4;

async function* inRuns(blocks: AsyncIterable<BlockParts>): AsyncGenerator<readonly BlockParts[], undefined> {
  let run: BlockParts[] = [];
  for await (const block of blocks) {
    run.push(block);
    if (run.length < RUN_BLOCKS) continue;
    yield run;
    run = [];
  }
  if (run.length > 0) yield run;
  return undefined;
}

function hashTask(
  fd: number,
  run: readonly BlockParts[],
  { hashes, tags }: NonNullable<HashTargetOptions['expected']>,
): HashTask {
  const reads: FileRead[] = [];
  const blocks: HashBlock[] = [];
  let bytes = 0;
  for (const { index, parts } of run) {
    for (const { offset, length } of parts) addRead(reads, { fd, at: offset, length, into: bytes + offset - index * BLOCK });
    const length = hashes.lengthOf(index);
    const digest = hashes.get(index);
    const tag = tags?.get(index, digest);
    blocks.push({ index, length, ...(tag !== undefined && { expected: { digest: Uint8Array.from(digest), tag } }) });
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
