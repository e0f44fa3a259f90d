/** The block allocation table of a VHDX ([MS-VHDX] 2.5): checked once from end to end, then read page by page. */
import { type Bytes, MiB } from '../../../model/units.ts';
import { checkCanceled } from '../../cancellation.ts';
import type { StoredBytes } from '../layered/layer.ts';
import type { Occupancy } from '../layered/occupancy.ts';
import { PAGE, PageCache } from '../layered/page-cache.ts';
import type { Trouble } from '../layered/trouble.ts';
import type { Region } from './header.ts';
import type { Metadata } from './metadata.ts';

const ENTRY = 8;
/** A sector bitmap block has one bit for each of so many sectors; behind the entries of their blocks stands its own. */
const CHUNK_SECTORS = 2 ** 23;
const FULLY_PRESENT = 6;
const PARTIALLY_PRESENT = 7;
const BITMAP_PRESENT = 6;

/** What a table says of one block. */
export interface BlockEntry {
  readonly kind: 'data' | 'partial' | 'zeros' | 'below';
  /** Where its data is in the file. */
  readonly at: Bytes;
}

export interface BlockTableOptions {
  readonly bytes: StoredBytes;
  readonly region: Region;
  readonly metadata: Metadata;
  readonly trouble: Trouble;
}

export class BlockTable {
  readonly #options: BlockTableOptions;
  readonly #cache: PageCache;
  readonly #blocks: number;
  /** Blocks of a chunk. */
  readonly #ratio: number;
  /** What a block without data is: the parent's where there is one. */
  readonly #absent: 'zeros' | 'below';

  /** @throws MigrationError `image-malformed` when the region is too small */
  constructor(options: BlockTableOptions) {
    const { bytes, metadata, region, trouble } = options;
    this.#options = options;
    this.#cache = new PageCache(bytes);
    this.#blocks = Math.ceil(metadata.capacity / metadata.blockSize);
    this.#ratio = (CHUNK_SECTORS * metadata.sector) / metadata.blockSize;
    this.#absent = metadata.parent === undefined ? 'zeros' : 'below';
    const chunks = Math.ceil(this.#blocks / this.#ratio);
    const entries = metadata.parent === undefined ? this.#indexOf(this.#blocks - 1) + 1 : chunks * (this.#ratio + 1);
    if (entries * ENTRY > region.length) throw trouble.malformed('its block table is too small for the disk');
  }

  /**
   * Holds every entry to what is possible and takes its place in the file.
   * @throws MigrationError `image-malformed`, `image-truncated`, `source-read-failed`, `canceled`
   */
  async check(occupancy: Occupancy, signal: AbortSignal): Promise<void> {
    const { bytes, metadata, trouble } = this.#options;
    const { blockSize, capacity } = metadata;
    for (let block = 0; block < this.#blocks; ) {
      checkCanceled(signal);
      const page = await this.#pageOf(this.#indexOf(block));
      for (; block < this.#blocks && page.holds(this.#indexOf(block)); block += 1) {
        const { kind, at } = this.#decode(page, block);
        if (kind !== 'data' && kind !== 'partial') continue;
        const used = Math.min(blockSize, capacity - block * blockSize);
        if (at + used > bytes.size) throw trouble.truncated(`block ${block} is missing`);
        if (!occupancy.take(at, used)) throw trouble.malformed(`block ${block} lies over something else`);
      }
    }
    if (metadata.parent === undefined) return;
    for (let chunk = 0; chunk * this.#ratio < this.#blocks; chunk += 1) {
      checkCanceled(signal);
      const at = await this.#bitmapOf(chunk);
      if (at === undefined) continue;
      if (at + MiB > bytes.size) throw trouble.truncated(`sector bitmap ${chunk} is missing`);
      if (!occupancy.take(at, MiB)) throw trouble.malformed(`sector bitmap ${chunk} lies over something else`);
    }
  }

  /** Entries from a block on, as far as they are in one page; at least one. */
  async entriesFrom(block: number): Promise<(block: number) => BlockEntry | undefined> {
    const page = await this.#pageOf(this.#indexOf(block));
    return (wanted) => (page.holds(this.#indexOf(wanted)) ? this.#decode(page, wanted) : undefined);
  }

  /** The bits of a block that is partially present. */
  async bitmap(block: number): Promise<Buffer> {
    const { metadata, trouble } = this.#options;
    const at = await this.#bitmapOf(Math.floor(block / this.#ratio));
    if (at === undefined) throw trouble.malformed(`block ${block} has no sector bitmap`);
    const length = metadata.blockSize / metadata.sector / 8;
    return await this.#cache.read(at + (block % this.#ratio) * length, length);
  }

  #decode(page: TablePage, block: number): BlockEntry {
    const index = this.#indexOf(block);
    const state = page.state(index);
    switch (state) {
      case FULLY_PRESENT:
        return { kind: 'data', at: page.place(index) };
      case PARTIALLY_PRESENT:
        if (this.#absent === 'below') return { kind: 'partial', at: page.place(index) };
        break;
      case 0:
        return { kind: this.#absent, at: 0 };
      // Undefined, zero, unmapped, and unmapped as the draft 0.95 counts it: zeros are what may always be given.
      case 1:
      case 2:
      case 3:
      case 5:
        return { kind: 'zeros', at: 0 };
    }
    throw this.#options.trouble.malformed(`block ${block} is in state ${state}`);
  }

  /** Where a chunk's sector bitmap is. */
  async #bitmapOf(chunk: number): Promise<Bytes | undefined> {
    const index = chunk * (this.#ratio + 1) + this.#ratio;
    const page = await this.#pageOf(index);
    return page.state(index) === BITMAP_PRESENT ? page.place(index) : undefined;
  }

  #indexOf(block: number): number {
    return block + Math.floor(block / this.#ratio);
  }

  async #pageOf(index: number): Promise<TablePage> {
    const { region } = this.#options;
    const number = Math.floor((index * ENTRY) / PAGE);
    const page = await this.#cache.page(region.offset / PAGE + number);
    return new TablePage(page, number * (PAGE / ENTRY));
  }
}

/** Entries `first` and following. */
class TablePage {
  readonly #bytes: Buffer;
  readonly #first: number;

  constructor(bytes: Buffer, first: number) {
    this.#bytes = bytes;
    this.#first = first;
  }

  holds(index: number): boolean {
    return index >= this.#first && (index - this.#first + 1) * ENTRY <= this.#bytes.length;
  }

  state(index: number): number {
    return this.#bytes.readUInt32LE((index - this.#first) * ENTRY) & 7;
  }

  /** Bits 20 to 63 are the offset in MiB. */
  place(index: number): Bytes {
    const at = (index - this.#first) * ENTRY;
    return (this.#bytes.readUInt32LE(at + 4) * 4096 + (this.#bytes.readUInt32LE(at) >>> 20)) * MiB;
  }
}
