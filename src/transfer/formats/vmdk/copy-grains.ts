/**
 * Copies an image that comes as a stream: this thread only finds the grains and gathers them into whole blocks; workers inflate,
 * hash and write them. Memory is a few buffers of two blocks for each stream, whatever comes; where workers or target are
 * slow, no more of the stream is taken.
 */
import { type Bytes, roundUp } from '../../../model/units.ts';
import { type GrainWork, JournaledBlocks, type Landing } from '../../blocks/journaled-blocks.ts';
import type { GrainedBlock, GrainTask } from '../../blocks/task.ts';
import { eachOf } from '../../lanes.ts';
import { BLOCK } from '../../proof/cell-hashes.ts';
import { SECTOR } from './descriptor.ts';
import { GRAIN_MARKER_BYTES, maxDeflated } from './header.ts';
import type { StoredGrain, StoredGrains } from './stored-grains.ts';

/** Blocks of one task: enough to make little of posting it. */
const BATCH_BLOCKS = 2;
/** Buffers beside those that workers hold: one is being filled, one waits. */
const SPARE_BUFFERS = 2;

export interface GrainCopyOptions extends Landing {
  /** Guest-visible size. */
  readonly capacity: Bytes;
  /** Told of bytes in allocated grains as they are found on the target or reach it. */
  readonly onBytes: (bytes: Bytes) => void;
  /** Told now and then how far the disk has been taken from the stream. */
  readonly onOffset?: (offset: Bytes) => void;
}

/** What the stream was. */
export interface GrainCopy {
  /** Bytes in allocated grains. */
  readonly allocated: Bytes;
  /** Of these, the bytes that were brought now; the others were on the target already. */
  readonly moved: Bytes;
  /** The image's content ends here, at the disk's end or before. */
  readonly end: Bytes;
}

/** Grains that lie in a buffer. */
interface Batch {
  readonly buffer: SharedArrayBuffer;
  readonly work: GrainWork;
  /** Bytes of the disk in it. */
  readonly covered: Bytes;
}

/**
 * Reads the stream to its end. When this resolves every block is on the target and in the journal, and durable but for the last two seconds
 * of it: the caller ends the pass. After a failure what was done until then is durable, unless the signal has aborted.
 * @throws MigrationError `image-malformed`, `image-truncated`, `target-full`, `target-write-failed`, `canceled`; whatever `stream` throws
 */
export async function copyGrains(stream: StoredGrains, options: GrainCopyOptions): Promise<GrainCopy> {
  const { capacity, workers, onBytes } = options;
  const blocks = new JournaledBlocks(options);
  const buffers = new Buffers(roomFor(stream.header));
  let allocated = 0;
  let moved = 0;
  const told = (bytes: Bytes): void => {
    allocated += bytes;
    onBytes(bytes);
  };
  const work = gather({ stream, blocks, buffers, onLeft: told }, options);
  try {
    await eachOf(work, workers.limit + SPARE_BUFFERS, async (batch) => {
      await blocks.run(batch.work);
      buffers.give(batch.buffer);
      moved += batch.covered;
      told(batch.covered);
    });
    await blocks.finish();
  } catch (error) {
    await blocks.keep();
    throw error;
  }
  return { allocated, moved, end: Math.min(stream.header.capacity, capacity) };
}

/** The largest that BATCH_BLOCKS blocks can be while they are stored. */
function roomFor({ grainBytes, stream }: StoredGrains['header']): Bytes {
  const stored = stream ? roundUp(GRAIN_MARKER_BYTES + maxDeflated(grainBytes), SECTOR) : grainBytes;
  return BATCH_BLOCKS * (BLOCK / grainBytes) * stored;
}

interface Gathering {
  readonly stream: StoredGrains;
  readonly blocks: JournaledBlocks;
  readonly buffers: Buffers;
  /** Told of bytes that need nothing any more. */
  readonly onLeft: (bytes: Bytes) => void;
}

/** Batches of blocks that the source has come by, in its order. A block that it comes back to later is in a later batch again. */
async function* gather(
  { stream, blocks, buffers, onLeft }: Gathering,
  { capacity, onOffset }: GrainCopyOptions,
): AsyncGenerator<Batch, undefined> {
  let batch: BatchBuilder | undefined;
  let leftAlone: number | undefined;
  for await (const grain of stream.grains()) {
    const index = Math.floor(grain.offset / BLOCK);
    if (batch?.takes(index) === false) {
      yield batch.done();
      batch = undefined;
      onOffset?.(grain.offset);
    }
    if (index === leftAlone || (batch?.has(index) !== true && blocks.leavesAlone(index))) {
      leftAlone = index;
      onLeft(Math.min(grain.length, capacity - grain.offset));
      continue;
    }
    leftAlone = undefined;
    batch ??= new BatchBuilder(buffers.take(), stream.header, capacity);
    await stream.load(batch.add(index, grain));
  }
  if (batch !== undefined) yield batch.done();
  return undefined;
}

class BatchBuilder {
  readonly #buffer: SharedArrayBuffer;
  readonly #header: StoredGrains['header'];
  readonly #capacity: Bytes;
  readonly #blocks = new Map<number, GrainTask[]>();
  #filled: Bytes = 0;
  #covered: Bytes = 0;

  constructor(buffer: SharedArrayBuffer, header: StoredGrains['header'], capacity: Bytes) {
    this.#buffer = buffer;
    this.#header = header;
    this.#capacity = capacity;
  }

  has(index: number): boolean {
    return this.#blocks.has(index);
  }

  /** Whether grains of a block still belong here. */
  takes(index: number): boolean {
    return this.#blocks.has(index) || this.#blocks.size < BATCH_BLOCKS;
  }

  /** The room that the grain is to be loaded into. */
  add(index: number, { offset, length, stored }: StoredGrain): Uint8Array {
    const own = this.#blocks.get(index) ?? [];
    const cut = Math.min(length, this.#capacity - offset);
    own.push({ offset: offset - index * BLOCK, length: cut, at: this.#filled, room: stored });
    this.#blocks.set(index, own);
    const room = new Uint8Array(this.#buffer, this.#filled, stored);
    this.#filled += stored;
    this.#covered += cut;
    return room;
  }

  done(): Batch {
    const blocks = [...this.#blocks].map(([index, grains]): GrainedBlock => {
      return { index, length: Math.min(BLOCK, this.#capacity - index * BLOCK), grains };
    });
    const { grainBytes, stream } = this.#header;
    const work = { reads: [], given: this.#buffer, bytes: this.#filled, blocks, grainBytes, deflated: stream };
    return { buffer: this.#buffer, work, covered: this.#covered };
  }
}

/** Buffers that are used again. There are never more than lanes and one, because each lane takes a batch when it has given one back. */
class Buffers {
  readonly #bytes: Bytes;
  readonly #free: SharedArrayBuffer[] = [];

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  take(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(this.#bytes);
  }

  give(buffer: SharedArrayBuffer): void {
    this.#free.push(buffer);
  }
}
