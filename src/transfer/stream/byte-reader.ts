/** Takes exact amounts from a stream of chunks. Holds one chunk and what was asked for. Pure. */
import type { Bytes } from '../../model/units.ts';

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes taken so far. */
  get position(): Bytes {
    return this.#position;
  }

  /** Fills `target` from the stream; fewer bytes only when the stream ends. Returns how many. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && (await this.#more())) {
      const part = this.#chunk.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#advance(part.length);
    }
    return filled;
  }

  /** The next `length` bytes, undefined when the stream ends before. */
  async take(length: Bytes): Promise<Buffer | undefined> {
    const bytes = Buffer.alloc(length);
    return (await this.fill(bytes)) === length ? bytes : undefined;
  }

  /** Passes over `length` bytes; false when the stream ends before. */
  async skip(length: Bytes): Promise<boolean> {
    for (let left = length; left > 0; ) {
      if (!(await this.#more())) return false;
      const part = Math.min(left, this.#chunk.length);
      this.#advance(part);
      left -= part;
    }
    return true;
  }

  #advance(length: number): void {
    this.#chunk = this.#chunk.subarray(length);
    this.#position += length;
  }

  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}
