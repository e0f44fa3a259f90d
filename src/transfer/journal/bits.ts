/** A set of block numbers, one bit each: 128 KiB of memory for each TiB of disk. Bits of a byte count from the lowest. Pure. */
export class Bits {
  /** Numbers are 0 … length − 1. */
  readonly length: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  constructor(length: number) {
    this.length = length;
    this.#bytes = new Uint8Array(Math.ceil(length / 8));
  }

  /** How many numbers are in the set. */
  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return ((this.#bytes[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  put(index: number, present: boolean): void {
    if (!(index >= 0 && index < this.length)) throw new RangeError(`There is no block ${index}`);
    if (this.has(index) === present) return;
    this.#bytes[index >>> 3] = (this.#bytes[index >>> 3] ?? 0) ^ (1 << (index & 7));
    this.#count += present ? 1 : -1;
  }

  /** Numbers in the set, ascending. */
  *[Symbol.iterator](): Generator<number, undefined> {
    for (let index = 0; index < this.length; index += 1) if (this.has(index)) yield index;
    return undefined;
  }

  clear(): void {
    this.#bytes.fill(0);
    this.#count = 0;
  }

  /** Whether any of [from, to) is in the set; `from` is a multiple of 8. */
  any(from: number, to: number): boolean {
    return this.bytes(from, to).some((byte) => byte !== 0);
  }

  /** The bits of [from, to), `from` a multiple of 8; `to` is one too, or the end. Not a copy. */
  bytes(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from / 8, Math.ceil(to / 8));
  }
}
