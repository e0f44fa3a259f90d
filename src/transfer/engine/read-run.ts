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
export interface Placed {
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

interface PartsOfBlock {
  readonly index: number;
  readonly parts: readonly Extent[];
}

/** Places of a block's parts where the whole block begins at `start` in a buffer. */
export function spread({ index, parts }: PartsOfBlock, start: number): readonly Placed[] {
  return parts.map(({ offset, length }) => ({ offset, length, at: start + offset - index * BLOCK }));
}

/** The same for parts that lie one behind the other. */
export function packed({ parts }: PartsOfBlock, start: number): readonly Placed[] {
  let at = start;
  return parts.map(({ offset, length }) => {
    at += length;
    return { offset, length, at: at - length };
  });
}

/**
 * Reads parts of the disk, in its order, to their places. What no part covers is left as it is. Nothing is read into the buffer any more when
 * this returns or throws.
 */
export async function readParts(
  parts: readonly Placed[],
  buffer: Uint8Array<SharedArrayBuffer>,
  { reader, reads, signal }: SourceReads,
): Promise<void> {
  const wanted = joined(parts, reader.largestRead);
  await allEnded(
    wanted.map(async ({ offset, length, at }) => {
      using _ = await reads.enter(signal);
      await reader.read(offset, buffer.subarray(at, at + length), signal);
    }),
  );
}

/** What follows both on the disk and in the buffer is read in one go, as far as the reader takes it. */
function joined(parts: readonly Placed[], largest: Bytes): Placed[] {
  const whole: Placed[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    const joins = last !== undefined && last.offset + last.length === part.offset && last.at + last.length === part.at;
    if (joins) whole[whole.length - 1] = { ...last, length: last.length + part.length };
    else whole.push(part);
  }
  return whole.flatMap((reading) => cut(reading, largest));
}

function cut({ offset, length, at }: Placed, largest: Bytes): Placed[] {
  return Array.from({ length: Math.ceil(length / largest) }, (_, index) => ({
    offset: offset + index * largest,
    at: at + index * largest,
    length: Math.min(largest, length - index * largest),
  }));
}

/** Longer than any block by one byte, because Node copies a part of a buffer faster than a whole one. */
const ZEROS = Buffer.alloc(BLOCK + 1);

/** Zeros wherever in the slot of a block none of its parts comes. (`fill` was measured at a quarter of this speed in shared memory.) */
export function clearGaps({ index, parts }: PartsOfBlock, slot: Uint8Array): void {
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
  readonly packed?: true;
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
  const places = blocks.map(({ index, bytes, known, packed: isPacked = false }): DigestBlock => {
    const place = { index, at: bytes.byteOffset, length: bytes.length };
    return { ...place, ...(known !== undefined && { known }), ...(isPacked && { packed: true }) };
  });
  const task = { kind: 'digest', given: first.bytes.buffer, blocks: places } as const;
  const hashed = await workers.run(key === undefined ? task : { ...task, key });
  return hashed.map(({ digest, cells, tag }) => {
    if (cells === undefined) throw new Error('A worker did not tell the cells of a block');
    return { digest, cells, ...(tag !== undefined && { tag }) };
  });
}
