/** Reads a disk through the layers of a chain of images, of which each says where its bytes are. */
import type { Extent } from '../../../model/transfer.ts';
import { type Bytes, MiB } from '../../../model/units.ts';
import { allEnded, canceled, checkCanceled, unlessAborted } from '../../cancellation.ts';
import type { BlockLayer, Look, Stretch } from '../../formats/layered/layer.ts';
import type { DiskReader } from '../reader.ts';

/** What is worth having of local files: Node has four I/O threads, and larger reads are no longer in the processor's cache when they are used. */
const LOCAL: Pace = { lanes: 4, largestRead: MiB };
/** Stretches of one read that are on their way at once. A read of scattered sectors has two thousand of them. */
const SIDE_BY_SIDE = 64;

/** How much is worth reading at once. */
export interface Pace {
  readonly lanes: number;
  readonly largestRead: Bytes;
}

export interface ChainOptions {
  /** The layer that the guest writes, then its parents. */
  readonly layers: readonly [BlockLayer, ...BlockLayer[]];
  /** Guest-visible size. What the top layer does not reach is zeros. */
  readonly size: Bytes;
  /** How the bytes come. */
  readonly transport: string;
  /** Asked again and again; that of local files when absent. */
  readonly pace?: () => Pace;
  /** Ends all waits for bytes, which could take as long as a server is silent. */
  readonly stop?: () => void;
  /** Closes the files. */
  readonly close: () => Promise<void>;
}

export class ChainReader implements DiskReader {
  readonly size: Bytes;
  readonly transport: string;
  readonly largestRead: Bytes;
  readonly #layers: ChainOptions['layers'];
  readonly #pace: () => Pace;
  readonly #stop: () => void;
  readonly #close: () => Promise<void>;
  readonly #running = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor({ layers, size, transport, close, pace = () => LOCAL, stop = () => undefined }: ChainOptions) {
    this.size = size;
    this.transport = transport;
    this.largestRead = pace().largestRead;
    this.#layers = layers;
    this.#pace = pace;
    this.#stop = stop;
    this.#close = close;
  }

  get lanes(): number {
    return this.#pace().lanes;
  }

  async *allocated(signal: AbortSignal): AsyncGenerator<Extent> {
    checkCanceled(signal);
    let [offset, end] = [0, 0];
    for await (const next of this.#data({ depth: 0, offset: 0, end: this.size, signal })) {
      if (next.offset > end && end > offset) yield { offset, length: end - offset };
      if (next.offset > end) offset = next.offset;
      end = next.offset + next.length;
    }
    if (end > offset) yield { offset, length: end - offset };
  }

  async read(offset: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void> {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + into.length > this.size) {
      throw new RangeError(`The disk has no bytes at ${offset}`);
    }
    checkCanceled(signal);
    if (this.#closing !== undefined) throw new Error('The reader was disposed of');
    // A file that is closed while it is read could be another one by then.
    const work = this.#fill({ depth: 0, offset, into, signal });
    this.#running.add(work);
    try {
      await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing === undefined) {
      this.#stop();
      this.#closing = Promise.allSettled(this.#running).then(this.#close);
    }
    await this.#closing;
  }

  async #fill({ depth, offset, into, signal }: Filling): Promise<void> {
    const layer = this.#layers[depth];
    const end = offset + into.length;
    const stored = Math.min(end, layer?.capacity ?? 0);
    into.fill(0, Math.max(0, stored - offset));
    if (layer === undefined) return;
    for (let here = offset; here < stored; ) {
      const { stretches, end: reached } = await look(layer, { offset: here, end: stored, exact: true, signal });
      for (let next = 0; next < stretches.length; next += SIDE_BY_SIDE) {
        checkCanceled(signal);
        const some = stretches.slice(next, next + SIDE_BY_SIDE);
        const pieces = some.map(({ offset: from, length }) => into.subarray(from - offset, from - offset + length));
        await allEnded(some.map((stretch, index) => this.#bring(stretch, pieces[index] ?? into, { layer, depth, signal })));
      }
      here = reached;
    }
  }

  async #bring({ kind, offset, at }: Stretch, into: Uint8Array, { layer, depth, signal }: Level): Promise<void> {
    if (kind === 'data') await layer.bytes.fill(at, into, signal);
    else if (kind === 'below') await this.#fill({ depth: depth + 1, offset, into, signal });
    else into.fill(0);
  }

  /** What a layer and those below it hold of [offset, end): ascending; extents may touch. */
  async *#data({ depth, offset, end, signal }: Part): AsyncGenerator<Extent> {
    const layer = this.#layers[depth];
    if (layer === undefined) return;
    const stored = Math.min(end, layer.capacity);
    for (let here = offset; here < stored; ) {
      checkCanceled(signal);
      const { stretches, end: reached } = await look(layer, { offset: here, end: stored, exact: false, signal });
      for (const { kind, offset: from, length } of stretches) {
        if (kind === 'data') yield { offset: from, length };
        else if (kind === 'below') yield* this.#data({ depth: depth + 1, offset: from, end: from + length, signal });
      }
      here = reached;
    }
  }
}

interface Filling {
  readonly depth: number;
  readonly offset: Bytes;
  readonly into: Uint8Array;
  readonly signal: AbortSignal;
}

interface Part {
  readonly depth: number;
  readonly offset: Bytes;
  readonly end: Bytes;
  readonly signal: AbortSignal;
}

interface Level {
  readonly layer: BlockLayer;
  readonly depth: number;
  readonly signal: AbortSignal;
}

interface Looking {
  readonly offset: Bytes;
  readonly end: Bytes;
  readonly exact: boolean;
  readonly signal: AbortSignal;
}

/** A table that has to be fetched serves others too, so that only the wait for it ends. */
async function look(layer: BlockLayer, { offset, end, exact, signal }: Looking): Promise<Look> {
  try {
    return await unlessAborted(layer.look(offset, end, exact), signal);
  } catch (error) {
    throw signal.aborted ? canceled(signal) : error;
  }
}
