/** Collects stretches, joins those that belong together, and reads bitmaps of sectors. Pure. */
import { type Bytes, KiB } from '../../../model/units.ts';
import type { Stretch } from './layer.ts';

/** A look ends after so many stretches. */
const MOST = 4096;
/** Cells of this size are what is read at least, so allocation need not be told finer. */
const CELL: Bytes = 64 * KiB;

interface Growing {
  readonly kind: Stretch['kind'];
  readonly offset: Bytes;
  length: Bytes;
  readonly at: Bytes;
}

export class Stretches {
  readonly list: Growing[] = [];

  get full(): boolean {
    return this.list.length >= MOST;
  }

  /** Adds what follows the last stretch. */
  add(kind: Stretch['kind'], offset: Bytes, length: Bytes, at = 0): void {
    const last = this.list.at(-1);
    if (last !== undefined && last.kind === kind && (kind !== 'data' || last.at + last.length === at)) last.length += length;
    else this.list.push({ kind, offset, length, at });
  }
}

/** A block of which single sectors are in the file. */
export interface BitmapBlock {
  /** One bit for each sector of the block. */
  readonly bitmap: Buffer;
  /** Bytes of a sector. */
  readonly sector: Bytes;
  /** The first sector's bit: the lowest of the first byte (VHDX) or the highest (VHD). */
  readonly lowestFirst: boolean;
  /** What a sector without a bit is. */
  readonly absent: 'zeros' | 'below';
  /** First byte of the block on the disk. */
  readonly offset: Bytes;
  /** First byte of the block's data in the file. */
  readonly at: Bytes;
}

/**
 * Adds the part [from, to) of a block, counted from the block's beginning.
 * @returns how far it came before the list was full
 */
export function addBitmapBlock(list: Stretches, block: BitmapBlock, from: Bytes, to: Bytes, exact: boolean): Bytes {
  let here = from;
  while (here < to && !list.full) {
    const [isHere, stop] = exact ? sectorsAt(block, here, to) : cellAt(block, here, to);
    list.add(isHere ? 'data' : block.absent, block.offset + here, stop - here, isHere ? block.at + here : 0);
    here = stop;
  }
  return here;
}

/** One sector, or the eight of a byte that says the same of all of them. */
function sectorsAt({ bitmap, sector, lowestFirst }: BitmapBlock, here: Bytes, to: Bytes): readonly [boolean, Bytes] {
  const index = Math.floor(here / sector);
  const byte = bitmap[index >>> 3] ?? 0;
  const bit = lowestFirst ? index & 7 : 7 - (index & 7);
  const isUniform = byte === 0 || byte === 0xff;
  const next = isUniform ? (index | 7) + 1 : index + 1;
  return [((byte >>> bit) & 1) === 1, Math.min(to, next * sector)];
}

function cellAt({ bitmap, sector }: BitmapBlock, here: Bytes, to: Bytes): readonly [boolean, Bytes] {
  const stop = Math.min(to, (Math.floor(here / CELL) + 1) * CELL);
  const last = Math.ceil(stop / sector / 8);
  for (let at = Math.floor(here / sector) >>> 3; at < last; at += 1) if (bitmap[at] !== 0) return [true, stop];
  return [false, stop];
}
