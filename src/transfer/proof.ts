/**
 * The proof that a target holds what its source holds: both are hashed block by block, each by its own reading, and the hashes
 * compared. The source side is read through qemu-nbd (or inflated) by our own code, not through the qemu-img that wrote the target;
 * the target side is read back from the disk after it was synced.
 */
import { open } from 'node:fs/promises';
import { MigrationError } from '../model/errors.ts';
import type { DiskProof, TransferJob, TransferProgress } from '../model/transfer.ts';
import { type Bytes, formatBytes } from '../model/units.ts';
import { serveImage } from './nbd/qemu-nbd.ts';
import { StageProgress } from './progress.ts';
import { BLOCK, type BlockHashes } from './proof/block-hashes.ts';
import { countAllocated, hashDisk } from './proof/hash-disk.ts';
import { fileNode, imageNode } from './qemu-img/argv.ts';
import { forgetCache, onTarget, readWhole } from './raw-file.ts';
import type { Workspace } from './workspace.ts';

export interface HashTargetOptions {
  readonly job: TransferJob;
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  /** Told of the stage `prove`. */
  readonly onProgress: (progress: TransferProgress) => void;
}

/**
 * Hashes a finished raw file. Its holes come from the file system (SEEK_HOLE, asked through qemu-nbd, as Node cannot ask) and are
 * zeros by definition; everything else is read from the file itself.
 * @throws MigrationError `target-write-failed`, `tool-missing`, `canceled`
 */
export async function hashTarget(file: string, options: HashTargetOptions): Promise<BlockHashes> {
  const { job, workspace, signal, onProgress } = options;
  const size = job.source.capacity;
  await forgetCache(file, signal);
  return await onTarget(file, async () => {
    await using handle = await open(file, 'r');
    await using map = await serveImage(imageNode('raw', fileNode(file), null), { workspace, name: 'target', signal });
    const end = Math.min(size, map.size);
    const total = await countAllocated(map, end, signal);
    const progress = new StageProgress({ job: job.id, stage: 'prove', total }, onProgress);
    // One read at a time, in the order of the disk: the kernel reads ahead of that, and loses the thread when many come at once (measured).
    let turn: Promise<void> = Promise.resolve();
    const read = (offset: Bytes, buffer: Uint8Array): Promise<void> => {
      turn = turn.then(() => readWhole(handle, offset, buffer));
      return turn;
    };
    const disk = { allocation: (offset: Bytes, length: Bytes) => map.allocation(offset, length), read };
    const hashes = await hashDisk(disk, { size, end, signal, onBytes: (bytes) => progress.add(bytes) });
    progress.finish();
    return hashes;
  });
}

/**
 * @param allocated bytes that were read from the source
 * @throws MigrationError `proof-mismatch` naming the first block that differs
 */
export function prove(source: BlockHashes, target: BlockHashes, allocated: Bytes): DiskProof {
  const block = source.firstDifference(target);
  if (block !== undefined) {
    const offset = block * BLOCK;
    throw new MigrationError(
      'proof-mismatch',
      `Target and source differ in block ${block}, at ${formatBytes(offset)} of the disk.`,
      {
        at: `bytes ${offset} to ${offset + source.lengthOf(block) - 1}`,
      },
    );
  }
  return { algorithm: 'sha256', blockSize: BLOCK, root: source.root(), size: source.size, allocated };
}
