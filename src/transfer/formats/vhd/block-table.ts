/** The block allocation table of a VHD: read once, checked, and kept, because a VHD has 2 TiB of sectors at most. */
import type { Bytes } from '../../../model/units.ts';
import type { StoredBytes } from '../layered/layer.ts';
import type { Trouble } from '../layered/trouble.ts';
import { FOOTER, HEADER, SECTOR, type VhdFooter, type VhdHeader } from './structures.ts';

/** 16 MiB of table. Blocks have 2 MiB or 512 KiB, so that 2 TiB need no more. */
const MOST_BLOCKS = 4 * 1024 * 1024;
const UNUSED = 0xffff_ffff;

export class BlockTable {
  /** Sectors at which blocks begin. */
  readonly #sectors: Uint32Array;

  private constructor(sectors: Uint32Array) {
    this.#sectors = sectors;
  }

  /** @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `source-read-failed` */
  static async read(bytes: StoredBytes, footer: VhdFooter, header: VhdHeader, trouble: Trouble): Promise<BlockTable> {
    const count = Math.ceil(footer.capacity / header.blockSize);
    if (count > MOST_BLOCKS) throw trouble.unsupported(`it has ${count} blocks of ${header.blockSize} bytes`);
    if (header.entries < count) throw trouble.malformed('its block table is too small for the disk');
    if (header.table + count * 4 > bytes.size) throw trouble.truncated('its block table is missing');
    const table = Buffer.from(new ArrayBuffer(count * 4));
    await bytes.fill(header.table, table);
    table.swap32();
    const sectors = new Uint32Array(table.buffer);
    checkPlaces(sectors, { size: bytes.size, footer, header, trouble });
    return new BlockTable(sectors);
  }

  /** Where a block begins in the file, with its bitmap; undefined when it is not there. */
  at(block: number): Bytes | undefined {
    const sector = this.#sectors[block] ?? UNUSED;
    return sector === UNUSED ? undefined : sector * SECTOR;
  }
}

/** Bytes in front of a block's data: a bit for each sector, in whole sectors. */
export function bitmapBytes(blockSize: Bytes): Bytes {
  return Math.ceil(blockSize / SECTOR / 8 / SECTOR) * SECTOR;
}

interface Held {
  readonly size: Bytes;
  readonly footer: VhdFooter;
  readonly header: VhdHeader;
  readonly trouble: Trouble;
}

/** No two blocks, and no block and a table, may share a place. */
function checkPlaces(sectors: Uint32Array, { size, footer, header, trouble }: Held): void {
  const length = bitmapBytes(header.blockSize) + header.blockSize;
  const taken = [
    [0, FOOTER],
    [footer.header, HEADER],
    [header.table, sectors.length * 4],
  ] as const;
  let end = 0;
  for (const sector of sectors.toSorted()) {
    if (sector === UNUSED) break;
    const at = sector * SECTOR;
    const isOver = taken.some(([start, bytes]) => at < start + bytes && start < at + length);
    if (at < end || isOver) throw trouble.malformed(`the block at byte ${at} lies over something else`);
    end = at + length;
  }
  if (end > size - FOOTER) throw trouble.truncated('a block is missing');
}
