/**
 * Brings the hashes of a disk up to date after a part of it was changed in place. Of a block only the cells that were changed are read where the hashes
 * of its cells are known (zeros, and what was kept of a warm copy), else all of it: 1 MiB.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Extent } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import { checkCanceled } from './cancellation.ts';
import { type Cells, partsOfMask } from './engine/cells.ts';
import { wholeBlock } from './engine/plan.ts';
import { eachOf } from './lanes.ts';
import type { BlockHashes } from './proof/block-hashes.ts';
import type { KnownCells } from './proof/cell-file.ts';
import { BLOCK, blockHash, type CellHashes, hashCells } from './proof/cell-hashes.ts';

/** Blocks that are read side by side, each into a buffer of its own. */
const LANES = 8;

export interface RehashOptions {
  /** Of the disk before; changed to what it is now. */
  readonly hashes: BlockHashes;
  readonly changed: Cells;
  /** Those of them of which all became zeros: what was zeros before need not be read, which on a device is all that nobody ever used. */
  readonly zeroed: Cells;
  readonly known: Pick<KnownCells, 'recall'> | undefined;
  readonly signal: AbortSignal;
  /** Told of bytes as they are read. */
  readonly onBytes: (bytes: Bytes) => void;
}

/** @throws Error of the system where the disk cannot be read; MigrationError `canceled` */
export async function rehash(file: string, { hashes, changed, zeroed, known, signal, onBytes }: RehashOptions): Promise<void> {
  await using handle = await open(file, 'r');
  const buffers = Array.from({ length: LANES }, () => Buffer.allocUnsafe(BLOCK));
  await eachOf(touched(hashes, changed), LANES, async (index, lane) => {
    checkCanceled(signal);
    const buffer = buffers[lane];
    if (buffer === undefined) throw new Error(`there is no lane ${lane}`);
    const cells = await recall(index, hashes, known);
    // What was zeros and became zeros is as it was.
    const mask = changed.maskOf(index) & ~(zeroed.maskOf(index) & ~(cells?.data ?? -1));
    if (mask === 0) return;
    const read = cells === undefined ? [wholeBlock(index, hashes.size)] : partsOfMask(mask, index, hashes.size);
    const bytes = await readPacked(handle, read, buffer);
    const now = cells === undefined ? hashCells(bytes) : hashCells(bytes, { ...cells, changed: mask }, true);
    hashes.set(index, blockHash(now));
    onBytes(bytes.length);
  });
}

async function* touched(hashes: BlockHashes, changed: Cells): AsyncGenerator<number, undefined> {
  for (let index = 0; index < hashes.count; index += 1) if (changed.has(index)) yield index;
  return undefined;
}

const ZEROS = hashCells(new Uint8Array(BLOCK));

/** The cells of a block as it was. */
async function recall(index: number, hashes: BlockHashes, known: RehashOptions['known']): Promise<CellHashes | undefined> {
  if (hashes.isZero(index)) {
    const length = hashes.lengthOf(index);
    return length === BLOCK ? ZEROS : hashCells(new Uint8Array(length));
  }
  return await known?.recall(index, hashes.get(index));
}

/** One part behind the other. What lies behind the end of a file is zeros. */
async function readPacked(handle: FileHandle, parts: readonly Extent[], buffer: Buffer): Promise<Buffer> {
  let end = 0;
  for (const { offset, length } of parts) {
    const into = buffer.subarray(end, end + length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(into, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    into.fill(0, done);
    end += length;
  }
  return buffer.subarray(0, end);
}
