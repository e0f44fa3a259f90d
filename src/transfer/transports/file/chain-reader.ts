/** Reads a disk through the layers of a chain of images, of which each says where its bytes are. */
import type { Extent } from '../../../model/transfer.ts';
import { type Bytes, MiB } from '../../../model/units.ts';
import { checkCanceled } from '../../cancellation.ts';
import type { BlockLayer } from '../../formats/layered/layer.ts';
import type { DiskReader } from '../reader.ts';

/** Node's I/O threads. */
const LANES = 4;
/** Larger ones are no longer in the processor's cache when they are used: with 4 MiB a copy takes 1.1 times the CPU. */
const LARGEST_READ: Bytes = MiB;

export interface ChainOptions {
  /** The layer that the guest writes, then its parents. */
  readonly layers: readonly [BlockLayer, ...BlockLayer[]];
  /** Guest-visible size. What the top layer does not reach is zeros. */
  readonly size: Bytes;
  /** How the bytes come. */
  readonly transport: string;
  /** Closes the files. */
  readonly close: () => Promise<void>;
}

export class ChainReader implements DiskReader {
  readonly size: Bytes;
  readonly transport: string;
  readonly lanes = LANES;
  readonly largestRead = LARGEST_READ;
  readonly #layers: ChainOptions['layers'];
  readonly #close: () => Promise<void>;
  readonly #running = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor({ layers, size, transport, close }: ChainOptions) {
    this.size = size;
    this.transport = transport;
    this.#layers = layers;
    this.#close = close;
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
    this.#closing ??= Promise.allSettled(this.#running).then(this.#close);
    await this.#closing;
  }

  async #fill({ depth, offset, into, signal }: Filling): Promise<void> {
    const layer = this.#layers[depth];
    const end = offset + into.length;
    const stored = Math.min(end, layer?.capacity ?? 0);
    into.fill(0, Math.max(0, stored - offset));
    if (layer === undefined) return;
    for (let here = offset; here < stored; ) {
      const { stretches, end: reached } = await layer.look(here, stored, true);
      for (const { kind, offset: from, length, at } of stretches) {
        checkCanceled(signal);
        const piece = into.subarray(from - offset, from - offset + length);
        if (kind === 'data') await layer.bytes.fill(at, piece);
        else if (kind === 'below') await this.#fill({ depth: depth + 1, offset: from, into: piece, signal });
        else piece.fill(0);
      }
      here = reached;
    }
  }

  /** What a layer and those below it hold of [offset, end): ascending; extents may touch. */
  async *#data({ depth, offset, end, signal }: Part): AsyncGenerator<Extent> {
    const layer = this.#layers[depth];
    if (layer === undefined) return;
    const stored = Math.min(end, layer.capacity);
    for (let here = offset; here < stored; ) {
      checkCanceled(signal);
      const { stretches, end: reached } = await layer.look(here, stored, false);
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
