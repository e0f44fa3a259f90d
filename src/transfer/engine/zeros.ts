/** Cuts what is known of a block into what is written and what is made zeros. Pure. */
import type { Bytes } from '../../model/units.ts';
import { BLOCK, CELL } from '../proof/cell-hashes.ts';

/** Bytes that are to be on the target: `at` in a buffer, `offset` on the disk. */
export interface Piece {
  readonly offset: Bytes;
  readonly at: number;
  readonly length: Bytes;
  readonly zero: boolean;
}

export interface Cut {
  /** Cells of the block that hold anything but zeros. */
  readonly data: number;
  /** Zeros are made zeros on the target; otherwise they are left out. */
  readonly keepZeros: boolean;
}

/** Adds a part of one block to `pieces`, from the beginning of a cell on; what continues the last piece becomes part of it. */
export function addPieces(pieces: Piece[], range: Omit<Piece, 'zero'>, { data, keepZeros }: Cut): void {
  for (let done = 0; done < range.length; done += CELL) {
    const offset = range.offset + done;
    const at = range.at + done;
    const length = Math.min(CELL, range.length - done);
    const zero = (data & (1 << ((offset % BLOCK) / CELL))) === 0;
    if (zero && !keepZeros) continue;
    const last = pieces.at(-1);
    const joins = last?.zero === zero && last.offset + last.length === offset && last.at + last.length === at;
    if (joins) pieces[pieces.length - 1] = { ...last, length: last.length + length };
    else pieces.push({ offset, at, length, zero });
  }
}
