/** The blocks of a disk that may hold data; the rest reads as zeros. */
import type { Extent } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import type { AllocatedReader } from '../nbd/connection.ts';
import { dataExtents } from '../nbd/data-extents.ts';
import { BLOCK } from './cell-hashes.ts';

/** Parts of one block that may hold data. */
export interface BlockParts {
  readonly index: number;
  readonly parts: readonly Extent[];
}

type Allocation = Pick<AllocatedReader, 'allocation'>;

/** Bytes of [0, end) that may hold data. */
export async function countAllocated(disk: Allocation, end: Bytes, signal: AbortSignal): Promise<Bytes> {
  let sum = 0;
  for await (const { length } of dataExtents(disk, end, signal)) sum += length;
  return sum;
}

/** The blocks of [0, end) that may hold data, in order. @throws MigrationError `canceled`; as `disk` does */
export async function* allocatedBlocks(disk: Allocation, end: Bytes, signal: AbortSignal): AsyncGenerator<BlockParts, undefined> {
  let block: { readonly index: number; readonly parts: Extent[] } | undefined;
  for await (const run of dataExtents(disk, end, signal)) {
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
