/** Small reads that follow each other, as tables are read, in few requests: over a network each one costs a way there and back. */
import { type Bytes, KiB, MiB } from '../../../model/units.ts';
import type { StoredBytes } from '../../formats/layered/layer.ts';

/** What is read at once where one read follows another. A table of this size stands for 128 GiB of disk at least. */
const WINDOW: Bytes = MiB;
/** Larger reads are the disk's own bytes. */
const SMALL: Bytes = 64 * KiB;

interface Window {
  readonly at: Bytes;
  readonly bytes: Promise<Buffer>;
  readonly length: Bytes;
}

/** The same bytes. One window is kept; the first one, with the heads of an image, is there before it is asked for. */
export class ReadAhead implements StoredBytes {
  readonly size: Bytes;
  readonly #bytes: StoredBytes;
  #window: Window;
  /** Where the last small read ended. */
  #end = 0;

  constructor(bytes: StoredBytes) {
    this.size = bytes.size;
    this.#bytes = bytes;
    this.#window = this.#load(0);
  }

  async fill(at: Bytes, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (into.length > SMALL || at + into.length > this.size) return await this.#bytes.fill(at, into, signal);
    const follows = at === this.#end;
    this.#end = at + into.length;
    if (!this.#holds(at, into.length)) {
      if (!follows) return await this.#bytes.fill(at, into, signal);
      this.#window = this.#load(at);
    }
    const window = this.#window;
    try {
      into.set((await window.bytes).subarray(at - window.at, at - window.at + into.length));
    } catch {
      // Whoever reads by itself hears why.
      if (this.#window === window) this.#window = NO_WINDOW;
      await this.#bytes.fill(at, into, signal);
    }
  }

  #holds(at: Bytes, length: Bytes): boolean {
    return at >= this.#window.at && at + length <= this.#window.at + this.#window.length;
  }

  #load(at: Bytes): Window {
    const buffer = Buffer.alloc(Math.min(WINDOW, this.size - at));
    const bytes = this.#bytes.fill(at, buffer).then(() => buffer);
    bytes.catch(() => undefined);
    return { at, bytes, length: buffer.length };
  }
}

const NO_WINDOW: Window = { at: 0, bytes: Promise.resolve(Buffer.alloc(0)), length: 0 };
