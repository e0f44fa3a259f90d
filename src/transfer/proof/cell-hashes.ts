/**
 * The hash of one block: SHA-256 over the SHA-256s of its cells of 64 KiB, one behind the other. Where a few cells change, only these are
 * hashed anew, and cells of zeros cost no more than looking at them. 64 KiB is the granularity of VMware's change tracking. Pure.
 */
import { hash } from 'node:crypto';
import { type Bytes, KiB, MiB } from '../../model/units.ts';

export const BLOCK: Bytes = MiB;
export const CELL: Bytes = 64 * KiB;
/** Cells of a block, and bits of a mask of them: the lowest bit is the first cell. */
export const CELLS = BLOCK / CELL;
/** Bytes of one hash. */
export const DIGEST: Bytes = 32;

const ZEROS = Buffer.alloc(CELL);
const ZERO_CELL = sha256(ZEROS);

export interface CellHashes {
  /** Of the cells, one behind the other. The last cell of a disk may be short. */
  readonly hashes: Uint8Array;
  /** Cells that hold anything but zeros. */
  readonly data: number;
}

/** Of a block as it was, where only the cells of the mask `changed` are different now. */
export interface ChangedCells extends CellHashes {
  readonly changed: number;
}

/**
 * @param known the other cells are not looked at
 * @param packed they are not even there: `block` has the changed ones, one behind the other
 */
export function hashCells(block: Uint8Array, known?: ChangedCells, packed = false): CellHashes {
  const count = known === undefined ? Math.ceil(block.length / CELL) : known.hashes.length / DIGEST;
  let place = 0;
  // Not out of Node's pool: what is sent to another thread is the whole of the memory that it lies in.
  const hashes = Buffer.allocUnsafeSlow(count * DIGEST);
  if (known !== undefined) hashes.set(known.hashes);
  let data = known?.data ?? 0;
  for (let cell = 0; cell < count; cell += 1) {
    const bit = 1 << cell;
    if (known !== undefined && (known.changed & bit) === 0) continue;
    const bytes = cellOf(block, packed ? place : cell);
    place += 1;
    const zero = isZero(bytes);
    data = zero ? data & ~bit : data | bit;
    hashes.set(zero && bytes.length === CELL ? ZERO_CELL : sha256(bytes), cell * DIGEST);
  }
  return { hashes, data };
}

/** Numbers of the cells of a mask, ascending. */
export function cellsIn(mask: number): readonly number[] {
  return Array.from({ length: CELLS }, (_, cell) => cell).filter((cell) => (mask & (1 << cell)) !== 0);
}

/** Bytes of a cell; fewer for the last one of a disk. */
export function cellOf(block: Uint8Array, cell: number): Uint8Array {
  return block.subarray(cell * CELL, (cell + 1) * CELL);
}

/** What the hashes of a block's cells tell. @param length bytes of the block */
export function cellsOf(hashes: Uint8Array, length: Bytes): CellHashes {
  let data = 0;
  for (let cell = 0; cell * CELL < length; cell += 1) {
    const bytes = Math.min(CELL, length - cell * CELL);
    const zeros = bytes === CELL ? ZERO_CELL : sha256(ZEROS.subarray(0, bytes));
    if (!zeros.equals(hashes.subarray(cell * DIGEST, (cell + 1) * DIGEST))) data |= 1 << cell;
  }
  return { hashes, data };
}

/** The hash of a block, from those of its cells. */
export function blockHash({ hashes }: CellHashes): Buffer {
  return sha256(hashes);
}

/** @param bytes CELL at most */
export function isZero(bytes: Uint8Array): boolean {
  return ZEROS.subarray(0, bytes.length).equals(bytes);
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}
