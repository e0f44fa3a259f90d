/** What a guest has changed since the last pass: which parts of its disk, and with what. */
import { open } from 'node:fs/promises';
import type { Extent } from '../../src/model/transfer.ts';
import { KiB } from '../../src/model/units.ts';
import { seededWords } from '../fakes/seeded.ts';

const CELL = 64 * KiB;

/** Whole cells in runs at seeded places, ascending, apart. */
export function scattered(size: number, share: number): readonly Extent[] {
  const next = seededWords(Math.round(1000 * share));
  const found: Extent[] = [];
  const slot = Math.floor((4.5 * CELL) / share / CELL) * CELL;
  for (let offset = 0; offset + slot <= size; offset += slot) {
    const length = (1 + (next() % 8)) * CELL;
    found.push({ offset: offset + (next() % ((slot - length) / CELL)) * CELL, length });
  }
  return found;
}

/** The same runs as far apart as the data of the larger disk. */
export function widened(extents: readonly Extent[], spread: number): readonly Extent[] {
  return extents.map(({ offset, length }) => ({ offset: offset * spread, length }));
}

/** New content for the next pass, and no zeros among it. */
export async function rewrite(file: string, extents: readonly Extent[], seed: number): Promise<void> {
  await using disk = await open(file, 'r+');
  for (const { offset, length } of extents)
    await disk.write(Buffer.alloc(length, `pass ${seed} at ${offset} `), 0, length, offset);
}
