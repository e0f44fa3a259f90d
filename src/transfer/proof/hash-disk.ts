/** Hashes a disk by reading only where it is allocated, several blocks at once; the rest reads as zeros. */
import { subtle } from 'node:crypto';
import type { Bytes } from '../../model/units.ts';
import { checkCanceled } from '../cancellation.ts';
import { eachOf } from '../lanes.ts';
import type { AllocatedReader } from '../nbd/connection.ts';
import { BLOCK, BlockHashes } from './block-hashes.ts';

/** Blocks read and hashed at the same time: keeps Node's four hashing threads and one reader busy. Memory: one BLOCK each. */
const IN_FLIGHT = 6;

export interface HashOptions {
  /** Guest-visible size. */
  readonly size: Bytes;
  /** The disk's content ends here at the latest; what follows up to `size` is zeros. */
  readonly end: Bytes;
  readonly signal: AbortSignal;
  /** Told after each block: bytes read since the last call. */
  readonly onBytes: (bytes: Bytes) => void;
}

/** Parts of one block that may hold data. */
export interface BlockParts {
  readonly index: number;
  readonly parts: { readonly offset: Bytes; readonly length: Bytes }[];
}

/** @throws MigrationError as the reader does; `canceled` */
export async function hashDisk(disk: AllocatedReader, options: HashOptions): Promise<BlockHashes> {
  const hashes = new BlockHashes(options.size);
  const blocks = allocatedBlocks(disk, Math.min(options.end, options.size), options.signal);
  const buffers = Array.from({ length: IN_FLIGHT }, () => new Uint8Array(BLOCK));
  await eachOf(blocks, IN_FLIGHT, async (block, lane) => {
    await hashBlock(disk, block, buffers[lane] ?? new Uint8Array(BLOCK), hashes);
    options.onBytes(block.parts.reduce((sum, part) => sum + part.length, 0));
  });
  return hashes;
}

/** Bytes of [0, end) that may hold data. */
export async function countAllocated(disk: Pick<AllocatedReader, 'allocation'>, end: Bytes, signal: AbortSignal): Promise<Bytes> {
  let sum = 0;
  for await (const run of dataRuns(disk, end, signal)) sum += run.length;
  return sum;
}

async function hashBlock(
  disk: AllocatedReader,
  block: BlockParts,
  buffer: Uint8Array<ArrayBuffer>,
  hashes: BlockHashes,
): Promise<void> {
  const start = block.index * BLOCK;
  const whole = buffer.subarray(0, hashes.lengthOf(block.index));
  if (block.parts.length !== 1 || block.parts[0]?.length !== whole.length) whole.fill(0);
  for (const { offset, length } of block.parts) await disk.read(offset, whole.subarray(offset - start, offset - start + length));
  hashes.set(block.index, new Uint8Array(await subtle.digest('SHA-256', whole)));
}

/** The blocks of [0, end) that may hold data, in order. @throws MigrationError `canceled`; as `disk` does */
export async function* allocatedBlocks(
  disk: Pick<AllocatedReader, 'allocation'>,
  end: Bytes,
  signal: AbortSignal,
): AsyncGenerator<BlockParts, undefined> {
  let block: BlockParts | undefined;
  for await (const run of dataRuns(disk, end, signal)) {
    for (let offset = run.offset; offset < run.offset + run.length; ) {
      const index = Math.floor(offset / BLOCK);
      if (block !== undefined && block.index !== index) {
        yield block;
        block = undefined;
      }
      block ??= { index, parts: [] };
      const length = Math.min((index + 1) * BLOCK, run.offset + run.length) - offset;
      block.parts.push({ offset, length });
      offset += length;
    }
  }
  if (block !== undefined) yield block;
  return undefined;
}

async function* dataRuns(
  disk: Pick<AllocatedReader, 'allocation'>,
  end: Bytes,
  signal: AbortSignal,
): AsyncGenerator<{ offset: Bytes; length: Bytes }> {
  for (let offset = 0; offset < end; ) {
    checkCanceled(signal);
    for (const run of await disk.allocation(offset, end - offset)) {
      if (!run.zero) yield run;
      offset = run.offset + run.length;
    }
  }
}
