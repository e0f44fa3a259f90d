/** Tells zeros from data. Pure. */
import { type Bytes, KiB } from '../../model/units.ts';

/** Zeros are left out of a target in pieces of this size: the allocation unit of most file systems is a divisor of it. */
const HOLE: Bytes = 64 * KiB;
const ZEROS = Buffer.alloc(HOLE);

/** Bytes that are to be on the target: `at` in a buffer, `offset` on the disk. */
export interface Piece {
  readonly offset: Bytes;
  readonly at: number;
  readonly length: Bytes;
  readonly zero: boolean;
}

/** Ends at the first byte that is none. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += HOLE) {
    const piece = bytes.subarray(at, at + HOLE);
    if (!ZEROS.subarray(0, piece.length).equals(piece)) return false;
  }
  return true;
}

/** Adds a range of a buffer to `pieces`, cut where zeros begin and end; what continues the last piece becomes part of it. */
export function addPieces(
  pieces: Piece[],
  buffer: Uint8Array,
  range: Omit<Piece, 'zero'>,
  { keepZeros }: { readonly keepZeros: boolean },
): void {
  for (let done = 0; done < range.length; done += HOLE) {
    const offset = range.offset + done;
    const at = range.at + done;
    const length = Math.min(HOLE, range.length - done);
    const zero = isZero(buffer.subarray(at, at + length));
    if (zero && !keepZeros) continue;
    const last = pieces.at(-1);
    const joins = last?.zero === zero && last.offset + last.length === offset && last.at + last.length === at;
    if (joins) pieces[pieces.length - 1] = { ...last, length: last.length + length };
    else pieces.push({ offset, at, length, zero });
  }
}
