/** Fills a buffer with blocks of the source: several reads at once, as many as the reader says are worth having. */
import type { KeyObject } from 'node:crypto';
import type { Extent } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import type { DigestBlock } from '../blocks/task.ts';
import type { BlockWorkers } from '../blocks/workers.ts';
import { allEnded } from '../cancellation.ts';
import { BLOCK, type CellHashes } from '../proof/cell-hashes.ts';
import type { DiskReader } from '../transports/reader.ts';
import type { Gate } from './gate.ts';

/** Something to be read: `at` in the buffer, `offset` on the disk. */
interface Reading {
  readonly offset: Bytes;
  readonly length: Bytes;
  readonly at: number;
}

export interface SourceReads {
  readonly reader: DiskReader;
  /** Bounds the reads of one disk. */
  readonly reads: Gate;
  readonly signal: AbortSignal;
}

/** Block number `place` of a buffer: its bytes, of which the last block of a disk needs fewer. */
export function slotOf(buffer: Uint8Array<SharedArrayBuffer>, place: number, length: Bytes): Uint8Array<SharedArrayBuffer> {
  return buffer.subarray(place * BLOCK, place * BLOCK + length);
}

/**
 * Reads parts of blocks to their places: blocks[0] is the first in the buffer. What no part covers is left as it is. Nothing is read into
 * the buffer any more when this returns or throws.
 */
export async function readParts(
  blocks: readonly { readonly index: number; readonly parts: readonly Extent[] }[],
  buffer: Uint8Array<SharedArrayBuffer>,
  { reader, reads, signal }: SourceReads,
): Promise<void> {
  const wanted = joined(blocks, reader.largestRead);
  await allEnded(
    wanted.map(async ({ offset, length, at }) => {
      using _ = await reads.enter(signal);
      await reader.read(offset, buffer.subarray(at, at + length), signal);
    }),
  );
}

/** What follows both on the disk and in the buffer is read in one go, as far as the reader takes it. */
function joined(blocks: readonly { readonly index: number; readonly parts: readonly Extent[] }[], largest: Bytes): Reading[] {
  const whole: Reading[] = [];
  for (const [place, { index, parts }] of blocks.entries()) {
    for (const { offset, length } of parts) {
      const at = place * BLOCK + offset - index * BLOCK;
      const last = whole.at(-1);
      const joins = last !== undefined && last.offset + last.length === offset && last.at + last.length === at;
      if (joins) whole[whole.length - 1] = { ...last, length: last.length + length };
      else whole.push({ offset, length, at });
    }
  }
  return whole.flatMap((reading) => cut(reading, largest));
}

function cut({ offset, length, at }: Reading, largest: Bytes): Reading[] {
  return Array.from({ length: Math.ceil(length / largest) }, (_, index) => ({
    offset: offset + index * largest,
    at: at + index * largest,
    length: Math.min(largest, length - index * largest),
  }));
}

/** Longer than any block by one byte, because Node copies a part of a buffer faster than a whole one. */
const ZEROS = Buffer.alloc(BLOCK + 1);

/** Zeros wherever in the slot of a block none of its parts comes. (`fill` was measured at a quarter of this speed in shared memory.) */
export function clearGaps(
  { index, parts }: { readonly index: number; readonly parts: readonly Extent[] },
  slot: Uint8Array,
): void {
  let at = 0;
  for (const { offset, length } of parts) {
    const start = offset - index * BLOCK;
    ZEROS.copy(slot, at, 0, start - at);
    at = start + length;
  }
  ZEROS.copy(slot, at, 0, slot.length - at);
}

/** A block that lies in a buffer. */
export interface InBuffer {
  readonly index: number;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Where only some of its cells have to be looked at. */
  readonly known?: DigestBlock['known'];
}

/** A block that has been hashed. */
export interface Hashed {
  readonly digest: Uint8Array;
  readonly cells: CellHashes;
  readonly tag?: Uint8Array;
}

/**
 * Hashes blocks of one buffer, in their order, by a worker thread. (Web Crypto was measured: it copies each block on this thread first,
 * which takes longer than hashing it.)
 * @param key blocks that are hashed as a whole are tagged with it too
 */
export async function hashesOf(blocks: readonly InBuffer[], workers: BlockWorkers, key?: KeyObject): Promise<readonly Hashed[]> {
  const [first] = blocks;
  if (first === undefined) return [];
  const places = blocks.map(({ index, bytes, known }): DigestBlock => {
    return { index, at: bytes.byteOffset, length: bytes.length, ...(known !== undefined && { known }) };
  });
  const task = { kind: 'digest', given: first.bytes.buffer, blocks: places } as const;
  const hashed = await workers.run(key === undefined ? task : { ...task, key });
  return hashed.map(({ digest, cells, tag }) => {
    if (cells === undefined) throw new Error('A worker did not tell the cells of a block');
    return { digest, cells, ...(tag !== undefined && { tag }) };
  });
}
