/** Pages of an image's tables. However large a table is, a bounded part of it is in memory. */
import { type Bytes, KiB } from '../../../model/units.ts';
import type { StoredBytes } from './layer.ts';

export const PAGE: Bytes = 64 * KiB;
/** 8 MiB for each image at most: one page of a VHDX's table stands for 8 GiB of disk at least. */
const MOST_PAGES = 128;

export class PageCache {
  readonly #bytes: StoredBytes;
  readonly #length: Bytes;
  /** The page that was used last is last. */
  readonly #pages = new Map<number, Promise<Buffer>>();

  constructor(bytes: StoredBytes, length: Bytes = PAGE) {
    this.#bytes = bytes;
    this.#length = length;
  }

  /** The page that begins at `index` times their length; shorter at the end of the image. The caller leaves it as it is. */
  async page(index: number): Promise<Buffer> {
    const known = this.#pages.get(index);
    this.#pages.delete(index);
    const page = known ?? this.#load(index);
    this.#pages.set(index, page);
    if (this.#pages.size > MOST_PAGES) this.#pages.delete(this.#pages.keys().next().value ?? index);
    try {
      return await page;
    } catch (error) {
      if (this.#pages.get(index) === page) this.#pages.delete(index);
      throw error;
    }
  }

  /** Bytes that may lie in several pages. */
  async read(at: Bytes, length: Bytes): Promise<Buffer> {
    const page = this.#length;
    const first = Math.floor(at / page);
    const parts: Buffer[] = [];
    for (let index = first; index * page < at + length; index += 1) {
      parts.push((await this.page(index)).subarray(Math.max(0, at - index * page), at + length - index * page));
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  async #load(index: number): Promise<Buffer> {
    const page = Buffer.alloc(Math.max(0, Math.min(this.#length, this.#bytes.size - index * this.#length)));
    await this.#bytes.fill(index * this.#length, page);
    return page;
  }
}
