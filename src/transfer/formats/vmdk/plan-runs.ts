/**
 * Makes tasks for the block workers from the grain tables: whole blocks of the disk, in the order in which they stand in the
 * image, a few MiB at a time. Pure.
 */
import { type Bytes, roundUp } from '../../../model/units.ts';
import type { DecodeTask, GrainedBlock, GrainTask } from '../../blocks/task.ts';
import { BLOCK } from '../../proof/cell-hashes.ts';
import type { SourceBytes } from '../../source-bytes.ts';
import { SECTOR } from './descriptor.ts';
import type { GrainWindow, SparseLayout } from './grain-map.ts';
import { GRAIN_MARKER_BYTES, maxDeflated } from './header.ts';

/** Blocks of one task: 4 MiB of the disk, read in one piece where they stand together. */
const RUN_BLOCKS = 4;

/** Where the disk's bytes end. */
export interface DiskEnd {
  /** Guest-visible size. */
  readonly size: Bytes;
  /** The image's content ends here, at `size` or before. */
  readonly end: Bytes;
}

/** A task but for its target. */
export interface Run extends Pick<DecodeTask, 'reads' | 'bytes'> {
  readonly blocks: readonly GrainedBlock[];
}

interface Place {
  readonly block: number;
  readonly offset: Bytes;
  readonly length: Bytes;
  /** In the image. */
  readonly at: Bytes;
}

/** Runs of a window. Of each grain no more is read than it can have, and nothing of the next one. */
export function* planRuns(window: GrainWindow, layout: SparseLayout, disk: DiskEnd, source: SourceBytes): Generator<Run> {
  const perBlock = BLOCK / layout.grainBytes;
  const blocks = blocksInImageOrder(window, perBlock);
  for (let at = 0; at < blocks.length; at += RUN_BLOCKS) {
    const places: Place[] = [];
    for (const first of blocks.slice(at, at + RUN_BLOCKS)) places.push(...placesOf(window, layout, first, disk.end));
    if (places.length > 0) yield planRun(places, layout, disk, source);
  }
}

/** First grains (counted in the window) of the blocks that hold any, by where their earliest grain stands. */
function blocksInImageOrder({ sectors }: GrainWindow, perBlock: number): readonly number[] {
  const earliest = new Map<number, number>();
  for (let index = 0; index < sectors.length; index += 1) {
    const sector = sectors[index] ?? 0;
    if (sector <= 1) continue;
    const block = index - (index % perBlock);
    const known = earliest.get(block);
    if (known === undefined || sector < known) earliest.set(block, sector);
  }
  return [...earliest].sort(([, a], [, b]) => a - b).map(([block]) => block);
}

function* placesOf(window: GrainWindow, { grainBytes }: SparseLayout, first: number, end: Bytes): Generator<Place> {
  const perBlock = BLOCK / grainBytes;
  for (let index = first; index < Math.min(first + perBlock, window.sectors.length); index += 1) {
    const sector = window.sectors[index] ?? 0;
    const start = (window.first + index) * grainBytes;
    if (sector <= 1 || start >= end) continue;
    const length = Math.min(grainBytes, end - start);
    yield { block: Math.floor(start / BLOCK), offset: start % BLOCK, length, at: sector * SECTOR };
  }
}

function planRun(places: readonly Place[], layout: SparseLayout, disk: DiskEnd, source: SourceBytes): Run {
  const { stream, grainBytes } = layout;
  const most = stream ? roundUp(GRAIN_MARKER_BYTES + maxDeflated(grainBytes), SECTOR) : grainBytes;
  const sorted = places.toSorted((a, b) => a.at - b.at);
  const grains = new Map<number, GrainTask[]>();
  const chunks: { at: Bytes; length: Bytes; into: Bytes }[] = [];
  let bytes = 0;
  for (const [index, { block, offset, length, at }] of sorted.entries()) {
    const next = sorted[index + 1]?.at ?? source.size;
    // Plain grains may stand in one place (it was checked that not all do); deflated ones say themselves whose they are.
    const room = Math.min(stream ? most : length, stream && next > at ? next - at : source.size - at);
    let chunk = chunks.at(-1);
    if (chunk === undefined || at > chunk.at + chunk.length + grainBytes) {
      chunk = { at, length: 0, into: bytes };
      chunks.push(chunk);
    }
    chunk.length = Math.max(chunk.length, at + room - chunk.at);
    bytes = chunk.into + chunk.length;
    const task = { offset, length, at: chunk.into + at - chunk.at, room };
    const known = grains.get(block);
    if (known === undefined) grains.set(block, [task]);
    else known.push(task);
  }
  const reads = chunks.flatMap(({ at, length, into }) => source.locate(at, length, into));
  const blocks = [...grains].map(([index, own]): GrainedBlock => {
    return { index, length: Math.min(BLOCK, disk.size - index * BLOCK), grains: own };
  });
  return { reads, bytes, blocks };
}
