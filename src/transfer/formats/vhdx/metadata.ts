/** Metadata of a VHDX ([MS-VHDX] 2.6): the few items that say how the disk is kept. Pure but for the reading. */
import { type Bytes, KiB, MiB } from '../../../model/units.ts';
import type { StoredBytes } from '../layered/layer.ts';
import type { Trouble } from '../layered/trouble.ts';
import { guid, u64 } from './fields.ts';
import type { Region } from './header.ts';

const TABLE: Bytes = 64 * KiB;
/** A parent locator holds three paths; an item may have 1 MiB. */
const LARGEST_ITEM: Bytes = MiB;

const ITEMS = {
  parameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  capacity: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  diskId: 'beca12ab-b2e6-4523-93ef-c309e000c746',
  logicalSector: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  physicalSector: 'cda348c7-445d-4471-9cc9-e9885251c556',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const;
const KNOWN: ReadonlySet<string> = new Set(Object.values(ITEMS));
const VHDX_LOCATOR = 'b04aefb7-d19e-4a81-b789-25b8e9445913';

export interface Metadata {
  /** Guest-visible size. */
  readonly capacity: Bytes;
  readonly blockSize: Bytes;
  /** Bytes of a logical sector: 512 or 4096. */
  readonly sector: Bytes;
  /** Data write GUIDs that the parent may have; absent for an image without one. */
  readonly parent?: readonly string[];
}

/** @throws MigrationError `image-malformed`, `image-unsupported`, `image-too-large` */
export async function readMetadata(bytes: StoredBytes, region: Region, trouble: Trouble): Promise<Metadata> {
  const items = await findItems(bytes, region, trouble);
  const item = async (name: keyof typeof ITEMS, least: Bytes): Promise<Buffer> => {
    const place = items.get(ITEMS[name]);
    if (place === undefined || place.length < least) throw trouble.malformed(`its item "${name}" is missing`);
    const content = Buffer.alloc(place.length);
    await bytes.fill(place.offset, content);
    return content;
  };
  const parameters = await item('parameters', 8);
  const blockSize = parameters.readUInt32LE(0);
  if (blockSize < MiB || blockSize > 256 * MiB || (blockSize & (blockSize - 1)) !== 0) {
    throw trouble.malformed(`a block of ${blockSize} bytes is not possible`);
  }
  const sector = (await item('logicalSector', 4)).readUInt32LE(0);
  if (sector !== 512 && sector !== 4096) throw trouble.malformed(`a sector of ${sector} bytes is not possible`);
  const capacity = trouble.checkCapacity(u64(await item('capacity', 8), 0));
  if (capacity % sector !== 0) throw trouble.malformed('the disk ends inside a sector');
  const hasParent = (parameters.readUInt32LE(4) & 2) !== 0;
  if (!hasParent) return { capacity, blockSize, sector };
  return { capacity, blockSize, sector, parent: parseLocator(await item('parentLocator', 20), trouble) };
}

async function findItems(bytes: StoredBytes, region: Region, trouble: Trouble): Promise<ReadonlyMap<string, Region>> {
  const table = Buffer.alloc(TABLE);
  await bytes.fill(region.offset, table);
  if (table.toString('latin1', 0, 8) !== 'metadata') throw trouble.malformed('its metadata is not there');
  const count = table.readUInt16LE(10);
  if (count > 2047) throw trouble.malformed(`it has ${count} metadata items`);
  const items = new Map<string, Region>();
  for (let index = 0; index < count; index += 1) {
    const at = 32 + index * 32;
    const id = guid(table, at);
    const [offset, length, flags] = [table.readUInt32LE(at + 16), table.readUInt32LE(at + 20), table.readUInt32LE(at + 24)];
    // Items of users may bear any id.
    const isKnown = KNOWN.has(id) && (flags & 1) === 0;
    if (!isKnown) {
      if ((flags & 4) !== 0) throw trouble.unsupported(`it needs metadata item ${id}, which is not known`);
      continue;
    }
    if (items.has(id)) throw trouble.malformed('a metadata item comes twice');
    if (length > LARGEST_ITEM || (length > 0 && (offset < TABLE || offset + length > region.length))) {
      throw trouble.malformed('a metadata item is out of place');
    }
    items.set(id, { offset: region.offset + offset, length });
  }
  return items;
}

/** Keys and values in UTF-16LE (2.6.2.6). Paths were followed by whoever found the parent; here only its identity counts. */
function parseLocator(item: Buffer, trouble: Trouble): readonly string[] {
  if (guid(item, 0) !== VHDX_LOCATOR) throw trouble.unsupported('its parent is named in a way that is not known');
  const count = item.readUInt16LE(18);
  if (20 + count * 12 > item.length) throw trouble.malformed('its parent locator is cut off');
  const identities: string[] = [];
  for (let at = 20; at < 20 + count * 12; at += 12) {
    const key = textAt(item, item.readUInt32LE(at), item.readUInt16LE(at + 8));
    if (key !== 'parent_linkage' && key !== 'parent_linkage2') continue;
    const value = textAt(item, item.readUInt32LE(at + 4), item.readUInt16LE(at + 10));
    identities.push(value.replaceAll(/[{}]/g, '').toLowerCase());
  }
  if (identities.length === 0) throw trouble.malformed('it does not say which parent it needs');
  return identities;
}

function textAt(item: Buffer, offset: Bytes, length: Bytes): string {
  return item.toString('utf16le', Math.min(offset, item.length), Math.min(offset + length, item.length));
}
