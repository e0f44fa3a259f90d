/**
 * VHDX images, by Microsoft's [MS-VHDX]: fixed, dynamic and differencing ones, with a log that was not replayed too. Start here.
 *
 *   header ─► replay (log) ─► header (regions) ─► metadata ─► block-table ─► BlockLayer
 *
 * Everything is read, nothing written; all checksums that the format has are checked. Cost and memory follow what is stored, and are
 * bounded by it: tables are checked once, entry by entry, and no two blocks may share a place in the file.
 */
import type { Bytes } from '../../../model/units.ts';
import type { BlockLayer, Look, StoredBytes } from '../layered/layer.ts';
import { Occupancy } from '../layered/occupancy.ts';
import { addBitmapBlock, Stretches } from '../layered/stretches.ts';
import { Trouble } from '../layered/trouble.ts';
import { BlockTable } from './block-table.ts';
import { HEADER_SECTION, readHeader, readRegions } from './header.ts';
import { type Metadata, readMetadata } from './metadata.ts';
import { LARGEST_FILE, replayLog } from './replay.ts';

/**
 * @param file its path, for messages
 * @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `image-too-large`, `source-read-failed`, `canceled`
 */
export async function openVhdx(stored: StoredBytes, file: string, signal: AbortSignal): Promise<BlockLayer> {
  const trouble = new Trouble('VHDX', file);
  if (stored.size > LARGEST_FILE) throw trouble.malformed(`no VHDX has ${stored.size} bytes`);
  const header = await readHeader(stored, trouble);
  const bytes = await replayLog(stored, header, trouble);
  const { bat, metadata: region } = await readRegions(bytes, trouble);
  const occupancy = new Occupancy(bytes.size);
  occupancy.take(0, HEADER_SECTION);
  for (const { offset, length } of [header.log, bat, region]) {
    if (length > 0 && !occupancy.take(offset, length)) throw trouble.malformed('two regions lie over one another');
  }
  const metadata = await readMetadata(bytes, region, trouble);
  const table = new BlockTable({ bytes, region: bat, metadata, trouble });
  await table.check(occupancy, signal);
  return new VhdxLayer({ bytes, identity: header.dataWriteGuid, metadata, table });
}

interface VhdxParts {
  readonly bytes: StoredBytes;
  readonly identity: string;
  readonly metadata: Metadata;
  readonly table: BlockTable;
}

class VhdxLayer implements BlockLayer {
  readonly capacity: Bytes;
  readonly identity: string;
  readonly parent?: readonly string[];
  readonly bytes: StoredBytes;
  readonly flat = false;
  readonly #metadata: Metadata;
  readonly #table: BlockTable;

  constructor({ bytes, identity, metadata, table }: VhdxParts) {
    this.capacity = metadata.capacity;
    this.identity = identity;
    if (metadata.parent !== undefined) this.parent = metadata.parent;
    this.bytes = bytes;
    this.#metadata = metadata;
    this.#table = table;
  }

  async look(offset: Bytes, end: Bytes, exact: boolean): Promise<Look> {
    const { blockSize, sector } = this.#metadata;
    const list = new Stretches();
    const entryOf = await this.#table.entriesFrom(Math.floor(offset / blockSize));
    let here = offset;
    while (here < end && !list.full) {
      const block = Math.floor(here / blockSize);
      const entry = entryOf(block);
      if (entry === undefined) break;
      const start = block * blockSize;
      const stop = Math.min(end, start + blockSize);
      if (entry.kind === 'partial') {
        const bitmap = await this.#table.bitmap(block);
        const bits = { bitmap, sector, lowestFirst: true, absent: 'below', offset: start, at: entry.at } as const;
        here = start + addBitmapBlock(list, bits, here - start, stop - start, exact);
      } else {
        list.add(entry.kind, here, stop - here, entry.kind === 'data' ? entry.at + here - start : 0);
        here = stop;
      }
    }
    return { stretches: list.list, end: here };
  }
}
