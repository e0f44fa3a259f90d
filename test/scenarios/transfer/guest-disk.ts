/** A small disk that a simulated guest writes to between passes, and the account that its source keeps of that. */
import { createHash } from 'node:crypto';
import type { Extent } from '../../../src/model/transfer.ts';
import { MiB, noise } from '../../transfer/fixture.ts';
import type { Dice } from './dice.ts';

const KiB = 1024;
const SECTOR = 512;
/** Granularity of the account: VMware's. */
const CELL = 64 * KiB;

export class GuestDisk {
  /** Written in place: who serves it serves what it holds now. */
  readonly content: Buffer;
  readonly #dice: Dice;
  #written: Extent[] = [];
  #writes = 0;

  constructor(size: number, random: Dice) {
    this.content = Buffer.alloc(size);
    this.#dice = random;
    for (let spots = 5 + random.below(14); spots > 0; spots -= 1) this.#write(768 * KiB, false);
  }

  /** A checkpoint, and what a guest does after it: data and zeros, here and there. */
  writeSome(): void {
    this.#written = [];
    for (let writes = 1 + this.#dice.below(8); writes > 0; writes -= 1) this.#write(512 * KiB, this.#dice.chance(0.4));
  }

  /** Cells that hold data, and a few that do not: a source may call more allocated than is. Ascending. */
  allocated(): readonly Extent[] {
    const extents: Extent[] = [];
    for (let offset = 0; offset < this.content.length; offset += CELL) {
      const cell = this.content.subarray(offset, offset + CELL);
      const holds = !cell.equals(ZEROS.subarray(0, cell.length));
      if (holds || (offset / CELL) % 29 === 0) extents.push({ offset, length: cell.length });
    }
    return extents;
  }

  /** What was written since the last checkpoint: in no order, with repetitions and overlaps. */
  changed(): readonly Extent[] {
    const again = this.#written.slice(0, 2).map(({ offset, length }) => ({ offset, length: Math.ceil(length / 2) }));
    return [...this.#written.toReversed(), ...again];
  }

  #write(most: number, zeros: boolean): void {
    const { content } = this;
    const offset = this.#dice.below(Math.floor(content.length / SECTOR)) * SECTOR;
    const length = Math.min((1 + this.#dice.below(most / SECTOR)) * SECTOR, content.length - offset);
    this.#writes += 1;
    if (zeros) content.fill(0, offset, offset + length);
    else noise(`${this.#writes} ${offset} ${content.length}`, length).copy(content, offset);
    this.#written.push({ offset, length });
  }
}

const ZEROS = Buffer.alloc(CELL);

/** The root of a proof as anybody computes it: the hashes over those of the cells of each block, then the size. */
export function rootOf(content: Buffer): string {
  const root = createHash('sha256');
  for (let at = 0; at < content.length; at += MiB) {
    const block = createHash('sha256');
    const bytes = content.subarray(at, at + MiB);
    for (let cell = 0; cell < bytes.length; cell += CELL) {
      block.update(
        createHash('sha256')
          .update(bytes.subarray(cell, cell + CELL))
          .digest(),
      );
    }
    root.update(block.digest());
  }
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(content.length));
  return root.update(size).digest('hex');
}
