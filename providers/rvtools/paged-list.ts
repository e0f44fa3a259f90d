/**
 * A list that may be longer than memory likes: full pages are kept compressed, the pages in use as values.
 * Reading in about the order of writing costs one inflation a page. Values must survive JSON; undefined inside arrays becomes null.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { MigrationError } from '../../src/model/errors.ts';
import { MAX_KEPT } from './limits.ts';

/** Small, so that a sheet in another order than vInfo costs little a VM. */
const PAGE = 64;

/** Compressed bytes that the lists of one reading may take together. */
export class Budget {
  #left: number;

  constructor(bytes: number = MAX_KEPT) {
    this.#left = bytes;
  }

  /** @throws MigrationError `workbook-too-large` */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new MigrationError('workbook-too-large', 'The workbook holds more text than any inventory does.');
  }
}

export class PagedList<T> {
  readonly #sealed: Buffer[] = [];
  readonly #open = new Map<number, readonly T[]>();
  readonly #budget: Budget;
  readonly #openPages: number;
  #tail: T[] = [];

  /** `openPages` pages of 64 are held as values. */
  constructor(budget: Budget, openPages = 16) {
    this.#budget = budget;
    this.#openPages = openPages;
  }

  get length(): number {
    return this.#sealed.length * PAGE + this.#tail.length;
  }

  /** Adds a value and returns its index. */
  push(value: T): number {
    const index = this.length;
    this.#tail.push(value);
    if (this.#tail.length === PAGE) {
      const packed = exact(deflateRawSync(JSON.stringify(this.#tail), { level: 1 }));
      this.#budget.take(packed.length);
      this.#sealed.push(packed);
      this.#tail = [];
    }
    return index;
  }

  get(index: number): T | undefined {
    const page = Math.floor(index / PAGE);
    const values = page === this.#sealed.length ? this.#tail : this.#page(page);
    return values?.[index % PAGE];
  }

  #page(number: number): readonly T[] | undefined {
    const open = this.#open.get(number);
    if (open !== undefined) {
      // Reading marks a page as recently used; the map keeps insertion order.
      this.#open.delete(number);
      this.#open.set(number, open);
      return open;
    }
    const packed = this.#sealed[number];
    if (packed === undefined) return undefined;
    const values: readonly T[] = JSON.parse(inflateRawSync(packed).toString());
    this.#open.set(number, values);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= this.#openPages) break;
      this.#open.delete(oldest);
    }
    return values;
  }
}

/** A copy with memory of its own: zlib's buffers, and those of Buffer's pool, are parts of larger ones that would stay alive. */
function exact(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
