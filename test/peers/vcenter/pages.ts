/**
 * Bytes of a disk in pages: those that were never written take no memory, and a copy shares its pages with the original until one of them
 * writes. A frozen disk of 32 MiB costs a list of 512 references.
 */
import { createHash } from 'node:crypto';

const PAGE = 64 * 1024;
const ZEROS = Buffer.alloc(PAGE);

export class Pages {
  #length: number;
  readonly #pages: (Buffer | undefined)[];
  /** Pages that only this object refers to. */
  #own = new Set<number>();

  /** @param length bytes */
  constructor(length: number, pages: readonly (Buffer | undefined)[] = []) {
    this.#length = length;
    this.#pages = [...pages];
  }

  /** Bytes. */
  get length(): number {
    return this.#length;
  }

  /** The same bytes; what is written to one is not seen in the other. */
  copy(): Pages {
    this.#own = new Set();
    return new Pages(this.#length, this.#pages);
  }

  /** Becomes the same as another. */
  become(other: Pages): void {
    const { length } = other;
    this.#pages.splice(0, this.#pages.length, ...other.copy().#pages);
    this.#length = length;
    this.#own = new Set();
  }

  /** New bytes are zeros. @param length bytes, not less than before */
  grow(length: number): void {
    this.#length = length;
  }

  write(offset: number, bytes: Uint8Array): void {
    for (const { page, from, to, at } of spans(offset, bytes.length)) {
      this.#writable(page).set(bytes.subarray(at, at + to - from), from);
    }
  }

  /** Zeros, as of a trim: whole pages are given back. */
  zero(offset: number, length: number): void {
    for (const { page, from, to } of spans(offset, length)) {
      if (this.#pages[page] === undefined) continue;
      if (to - from < PAGE) this.#writable(page).fill(0, from, to);
      else this.#pages[page] = undefined;
    }
  }

  /** A copy of the bytes from `start` up to `end`. */
  read(start = 0, end = this.#length): Buffer {
    const bytes = Buffer.alloc(end - start);
    for (const { page, from, to, at } of spans(start, end - start)) this.#pages[page]?.copy(bytes, at, from, to);
    return bytes;
  }

  /** Numbers of the blocks of this size that hold a page which was written. */
  allocated(block: number): Set<number> {
    const found = new Set<number>();
    for (const [page, bytes] of this.#pages.entries()) {
      if (bytes === undefined) continue;
      const last = Math.floor((Math.min((page + 1) * PAGE, this.#length) - 1) / block);
      for (let at = Math.floor((page * PAGE) / block); at <= last; at += 1) found.add(at);
    }
    return found;
  }

  /** SHA-256 in hexadecimal of all bytes. */
  digest(): string {
    const hash = createHash('sha256');
    for (const { page, from, to } of spans(0, this.#length)) hash.update((this.#pages[page] ?? ZEROS).subarray(from, to));
    return hash.digest('hex');
  }

  #writable(page: number): Buffer {
    const there = this.#pages[page];
    if (there !== undefined && this.#own.has(page)) return there;
    const bytes = there === undefined ? Buffer.alloc(PAGE) : Buffer.from(there);
    this.#pages[page] = bytes;
    this.#own.add(page);
    return bytes;
  }
}

/** The parts of a range by page: where in the page, and where in the range they are. */
function* spans(offset: number, length: number): Generator<{ page: number; from: number; to: number; at: number }> {
  for (let at = 0; at < length; ) {
    const page = Math.floor((offset + at) / PAGE);
    const from = offset + at - page * PAGE;
    const to = Math.min(PAGE, from + length - at);
    yield { page, from, to, at };
    at += to - from;
  }
}
