/**
 * VHD images, by Microsoft's "Virtual Hard Disk Image Format Specification" 1.0: fixed, dynamic and differencing ones. Start here.
 *
 *   structures (footer, header) ─► block-table ─► BlockLayer
 *
 * Sectors whose bit is not set were never written: they are zeros, or the parent's. That is the specification's word and what VirtualBox
 * and libvhdi do; qemu does not look at the bits, which makes a difference only where a writer left rubbish behind them.
 */
import { type Bytes, KiB } from '../../../model/units.ts';
import type { BlockLayer, Look, StoredBytes } from '../layered/layer.ts';
import { PageCache } from '../layered/page-cache.ts';
import { addBitmapBlock, Stretches } from '../layered/stretches.ts';
import { Trouble } from '../layered/trouble.ts';
import { BlockTable, bitmapBytes } from './block-table.ts';
import { FOOTER, HEADER, parseFooter, parseHeader, SECTOR, type VhdFooter, type VhdHeader } from './structures.ts';

/** A bitmap mostly has 512 bytes and stands alone. */
const BITMAP_PAGE: Bytes = 4 * KiB;
/** So many are fetched side by side: on a share each one costs a way there and back. */
const BITMAPS_AT_ONCE = 16;

/**
 * @param file its path, for messages
 * @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `image-too-large`, `source-read-failed`
 */
export async function openVhd(bytes: StoredBytes, file: string): Promise<BlockLayer> {
  const trouble = new Trouble('VHD', file);
  if (bytes.size < FOOTER) throw trouble.truncated('its footer is missing');
  const footer = parseFooter(await take(bytes, bytes.size - FOOTER, FOOTER), trouble);
  if (footer.kind === 'fixed') {
    if (bytes.size - FOOTER < footer.capacity) throw trouble.truncated(`its disk has ${footer.capacity} bytes`);
    return fixedLayer(bytes, footer);
  }
  if (footer.header + HEADER > bytes.size) throw trouble.truncated('its header is missing');
  const header = parseHeader(await take(bytes, footer.header, HEADER), trouble);
  const table = await BlockTable.read(bytes, footer, header, trouble);
  return new VhdLayer({ bytes, footer, header, table });
}

/** All of the disk, as it is. */
function fixedLayer(bytes: StoredBytes, { capacity, uuid }: VhdFooter): BlockLayer {
  const look = async (offset: Bytes, end: Bytes): Promise<Look> => {
    return { stretches: [{ kind: 'data', offset, length: end - offset, at: offset }], end };
  };
  return { capacity, identity: uuid, bytes, flat: true, look };
}

interface VhdParts {
  readonly bytes: StoredBytes;
  readonly footer: VhdFooter;
  readonly header: VhdHeader;
  readonly table: BlockTable;
}

class VhdLayer implements BlockLayer {
  readonly capacity: Bytes;
  readonly identity: string;
  readonly parent?: readonly string[];
  readonly bytes: StoredBytes;
  readonly flat = false;
  readonly #blockSize: Bytes;
  readonly #table: BlockTable;
  readonly #bitmaps: PageCache;
  readonly #absent: 'zeros' | 'below';

  constructor({ bytes, footer, header, table }: VhdParts) {
    this.capacity = footer.capacity;
    this.identity = footer.uuid;
    if (footer.kind === 'differencing') this.parent = [header.parentUuid];
    this.bytes = bytes;
    this.#blockSize = header.blockSize;
    this.#table = table;
    this.#bitmaps = new PageCache(bytes, BITMAP_PAGE);
    this.#absent = footer.kind === 'differencing' ? 'below' : 'zeros';
  }

  async look(offset: Bytes, end: Bytes, exact: boolean): Promise<Look> {
    const list = new Stretches();
    let here = offset;
    while (here < end && !list.full) {
      const block = Math.floor(here / this.#blockSize);
      const start = block * this.#blockSize;
      const stop = Math.min(end, start + this.#blockSize);
      if (here === offset || block % BITMAPS_AT_ONCE === 0) this.#fetchBitmaps(block, end);
      const place = this.#table.at(block);
      if (place === undefined) {
        list.add(this.#absent, here, stop - here);
        here = stop;
        continue;
      }
      const bitmap = await this.#bitmap(place);
      const at = place + bitmapBytes(this.#blockSize);
      const bits = { bitmap, sector: SECTOR, lowestFirst: false, absent: this.#absent, offset: start, at };
      here = start + addBitmapBlock(list, bits, here - start, stop - start, exact);
    }
    return { stretches: list.list, end: here };
  }

  #bitmap(place: Bytes): Promise<Buffer> {
    return this.#bitmaps.read(place, Math.ceil(this.#blockSize / SECTOR / 8));
  }

  /** Those of a block and its neighbours, as far as they will be looked at: whoever looks hears of trouble. */
  #fetchBitmaps(from: number, end: Bytes): void {
    const to = Math.min((Math.floor(from / BITMAPS_AT_ONCE) + 1) * BITMAPS_AT_ONCE, Math.ceil(end / this.#blockSize));
    for (let block = from; block < to; block += 1) {
      const place = this.#table.at(block);
      if (place !== undefined) this.#bitmap(place).catch(() => undefined);
    }
  }
}

async function take(bytes: StoredBytes, at: Bytes, length: Bytes): Promise<Buffer> {
  const block = Buffer.alloc(length);
  await bytes.fill(at, block);
  return block;
}
