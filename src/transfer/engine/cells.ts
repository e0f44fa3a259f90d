/**
 * Which parts of a disk are meant, in cells of 64 KiB: what holds data, or what changed. Extents may come in any order, overlap and repeat.
 * 64 KiB is the granularity of VMware's change tracking and the cluster of qcow2; finer extents are joined by it, which
 * saves requests (a gap below 64 KiB costs less to read than another request). Held are 2 KiB for each GiB that is partly meant. Pure.
 */
import { MigrationError } from '../../model/errors.ts';
import type { Extent } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { checkCanceled } from '../cancellation.ts';
import { BLOCK, CELL, CELLS } from '../proof/cell-hashes.ts';

const WHOLE = 2 ** CELLS - 1;
/** Blocks that are kept together. */
const GROUP = 1024;
/**
 * Extents in a row that name nothing new. The finest honest list names a cell 128 times (sectors); one that goes on and on says nothing
 * new for ever.
 */
const MAX_REPEATS = 100_000;

export class Cells {
  readonly size: Bytes;
  readonly #groups = new Map<number, Uint16Array>();
  /** One for all groups that are meant as a whole: never changed. */
  readonly #full = new Uint16Array(GROUP).fill(WHOLE);
  #bytes: Bytes = 0;

  /** Nothing is meant until it is added. */
  constructor(size: Bytes) {
    this.size = size;
  }

  /** Bytes in all cells that are meant. */
  get bytes(): Bytes {
    return this.#bytes;
  }

  /** True when it named any cell that was not meant before. @throws MigrationError `source-answer-broken` for bytes that the disk does not have */
  add({ offset, length }: Extent): boolean {
    const end = offset + length;
    if (
      !Number.isSafeInteger(offset) ||
      !Number.isSafeInteger(end) ||
      offset < 0 ||
      length < 0 ||
      offset + Math.sign(length) > this.size
    ) {
      throw new MigrationError('source-answer-broken', 'The source speaks of bytes that the disk does not have.', {
        at: `bytes ${offset} to ${end} of ${this.size}`,
      });
    }
    const before = this.#bytes;
    const last = Math.ceil(Math.min(end, this.size) / CELL);
    for (let cell = Math.floor(offset / CELL); cell < last; ) cell = this.#addInBlock(cell, last);
    return this.#bytes > before;
  }

  /** Parts of a block that are meant: ascending, apart from each other, within the disk. */
  partsOf(block: number): readonly Extent[] {
    return partsOfMask(this.maskOf(block), block, this.size);
  }

  /** Cells of a block that are meant, as a mask. */
  maskOf(block: number): number {
    return this.#groups.get(Math.floor(block / GROUP))?.[block % GROUP] ?? 0;
  }

  /** True when any part of the block is meant. */
  has(block: number): boolean {
    return this.maskOf(block) !== 0;
  }

  /** Adds cells from `cell` to the end of its block, of its group where all of that is meant, or to `last`; returns where it stopped. */
  #addInBlock(cell: number, last: number): number {
    const block = Math.floor(cell / CELLS);
    const number = Math.floor(block / GROUP);
    const group = this.#groups.get(number);
    const nextGroup = (number + 1) * GROUP * CELLS;
    if (group === undefined && cell === number * GROUP * CELLS && last >= nextGroup) {
      this.#groups.set(number, this.#full);
      this.#bytes += Math.min(nextGroup * CELL, this.size) - cell * CELL;
      return nextGroup;
    }
    if (group === this.#full) return Math.min(nextGroup, last);
    const end = Math.min((block + 1) * CELLS, last);
    const held = group ?? new Uint16Array(GROUP);
    if (group === undefined) this.#groups.set(number, held);
    for (let one = cell; one < end; one += 1) this.#addCell(held, block % GROUP, one);
    return end;
  }

  #addCell(group: Uint16Array, index: number, cell: number): void {
    const bit = 1 << (cell % CELLS);
    const mask = group[index] ?? 0;
    if ((mask & bit) !== 0) return;
    group[index] = mask | bit;
    this.#bytes += Math.min((cell + 1) * CELL, this.size) - cell * CELL;
  }
}

/** Where the cells of a mask lie on a disk of `size` bytes: ascending, apart from each other. */
export function partsOfMask(mask: number, block: number, size: Bytes): readonly Extent[] {
  const parts: Extent[] = [];
  for (let cell = 0; cell < CELLS; ) {
    if ((mask & (1 << cell)) === 0) {
      cell += 1;
      continue;
    }
    const first = cell;
    while (cell < CELLS && (mask & (1 << cell)) !== 0) cell += 1;
    const offset = block * BLOCK + first * CELL;
    parts.push({ offset, length: Math.min(block * BLOCK + cell * CELL, size) - offset });
  }
  return parts;
}

/** Cells of its block that parts of a block touch, as a mask. */
export function maskOf({ index, parts }: { readonly index: number; readonly parts: readonly Extent[] }): number {
  let mask = 0;
  for (const { offset, length } of parts) {
    const start = offset - index * BLOCK;
    for (let cell = Math.floor(start / CELL); cell * CELL < start + length; cell += 1) mask |= 1 << cell;
  }
  return mask;
}

/**
 * Takes a whole list of extents, of any length in bounded memory. An extent that begins within the disk and ends beyond it is cut: trackers
 * count in units of their own.
 * @throws MigrationError `source-answer-broken` for a list without an end or beyond the disk; `canceled`; as the list does
 */
export async function collectCells(extents: AsyncIterable<Extent>, size: Bytes, signal: AbortSignal): Promise<Cells> {
  const cells = new Cells(size);
  let repeats = 0;
  for await (const extent of extents) {
    checkCanceled(signal);
    repeats = cells.add(extent) ? 0 : repeats + 1;
    if (repeats > MAX_REPEATS) {
      throw new MigrationError('source-answer-broken', 'The source names the same parts of the disk again and again.');
    }
  }
  return cells;
}
