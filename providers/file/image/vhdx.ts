/** The structures at the start of a VHDX, by Microsoft's [MS-VHDX]. Pure; all fields little-endian. */
import { type Bytes, KiB, MiB } from '../../../src/model/units.ts';
import { crc32c } from './crc32c.ts';
import { guid, u64le } from './fields.ts';
import { checkCapacity, malformed, unsupported } from './trouble.ts';

/** File identifier, two headers, two region tables (section 2.2): all before 320 KiB. */
export const VHDX_HEAD: Bytes = 320 * KiB;
const HEADERS = [64 * KiB, 128 * KiB];
const REGION_TABLES = [192 * KiB, 256 * KiB];
const NO_GUID = '00000000-0000-0000-0000-000000000000';

const BAT_REGION = '2dc27766-f623-4200-9d64-115e9bfd4a08';
const METADATA_REGION = '8b7ca206-4790-4b9a-b8fe-575f050f886e';
const FILE_PARAMETERS = 'caa16737-fa36-4d43-b3b6-33f0aa44e76b';
const VIRTUAL_DISK_SIZE = '2fa54224-cd1b-4876-b211-5dbed83bf4b8';
const VIRTUAL_DISK_ID = 'beca12ab-b2e6-4523-93ef-c309e000c746';
const LOGICAL_SECTOR_SIZE = '8141bf1d-a96f-4709-ba47-f233a8faab5f';
const PHYSICAL_SECTOR_SIZE = 'cda348c7-445d-4471-9cc9-e9885251c556';
const PARENT_LOCATOR = 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c';
const VHDX_LOCATOR = 'b04aefb7-d19e-4a81-b789-25b8e9445913';

export interface Region {
  readonly offset: Bytes;
  readonly length: number;
}

export interface VhdxHead {
  readonly bat: Region;
  readonly metadata: Region;
  readonly dataWriteGuid: string;
  /** The log holds changes that are not in place yet. */
  readonly dirtyLog: boolean;
}

/** @throws MigrationError `image-malformed`, `image-unsupported` */
export function parseVhdxHead(head: Buffer, file: string): VhdxHead {
  const headers = HEADERS.map((offset) => head.subarray(offset, offset + 4 * KiB)).filter((block) => isWhole(block, 'head'));
  const current = headers.toSorted((a, b) => Number(b.readBigUInt64LE(8) - a.readBigUInt64LE(8)))[0];
  if (current === undefined) throw malformed(file, 'both VHDX headers are damaged', 'byte 65536');
  if (current.readUInt16LE(66) !== 1) throw unsupported(file, `VHDX version ${current.readUInt16LE(66)} is unknown`);
  const table = REGION_TABLES.map((offset) => head.subarray(offset, offset + 64 * KiB)).find((block) => isWhole(block, 'regi'));
  if (table === undefined) throw malformed(file, 'both VHDX region tables are damaged', 'byte 196608');
  const regions = parseRegions(table, file);
  const bat = regions.get(BAT_REGION);
  const metadata = regions.get(METADATA_REGION);
  if (bat === undefined || metadata === undefined) throw malformed(file, 'a VHDX region is missing', 'byte 196608');
  return { bat, metadata, dataWriteGuid: guid(current, 32), dirtyLog: guid(current, 48) !== NO_GUID };
}

function isWhole(block: Buffer, signature: string): boolean {
  return block.toString('latin1', 0, 4) === signature && block.readUInt32LE(4) === crc32c(block, 4);
}

function parseRegions(table: Buffer, file: string): ReadonlyMap<string, Region> {
  const count = table.readUInt32LE(8);
  if (count > 2047) throw malformed(file, `${count} VHDX regions are not possible`, 'byte 196608');
  const regions = new Map<string, Region>();
  for (let index = 0; index < count; index += 1) {
    const at = 16 + index * 32;
    const id = guid(table, at);
    const isKnown = id === BAT_REGION || id === METADATA_REGION;
    if (!isKnown && (table.readUInt32LE(at + 28) & 1) !== 0)
      throw unsupported(file, `the VHDX needs region ${id}, which is unknown`);
    const region = { offset: u64le(table, at + 16), length: table.readUInt32LE(at + 24) };
    if (regions.has(id) || region.offset % MiB !== 0 || region.offset < MiB || region.length % MiB !== 0 || region.length === 0) {
      throw malformed(file, 'a VHDX region is out of place', 'byte 196608');
    }
    regions.set(id, region);
  }
  return regions;
}

export interface VhdxMetadata {
  readonly capacity: Bytes;
  readonly blockSize: Bytes;
  readonly logicalSector: number;
  readonly physicalSector?: number;
  /** All blocks stay allocated: a fixed VHDX. */
  readonly fixed: boolean;
  readonly diskId?: string;
  readonly parent?: VhdxParent;
}

export interface VhdxParent {
  /** GUIDs of the parent's last data write, lower-case: two while a child is merged into it. */
  readonly linkages: readonly string[];
  readonly paths: readonly string[];
}

/** What of the metadata region is read: the table of 64 KiB and the items behind it. */
export const VHDX_METADATA: Bytes = MiB;
const ITEMS = 64 * KiB;

/** @throws MigrationError `image-malformed`, `image-unsupported`, `image-too-large` */
export function parseVhdxMetadata(region: Buffer, file: string): VhdxMetadata {
  const items = parseItems(region, file);
  const parameters = need(items, FILE_PARAMETERS, 8, file);
  const blockSize = parameters.readUInt32LE(0);
  const flags = parameters.readUInt32LE(4);
  if (blockSize < MiB || blockSize > 256 * MiB || !Number.isInteger(Math.log2(blockSize))) {
    throw malformed(file, `a block of ${blockSize} bytes is not possible`);
  }
  const logicalSector = need(items, LOGICAL_SECTOR_SIZE, 4, file).readUInt32LE(0);
  if (logicalSector !== 512 && logicalSector !== 4096)
    throw malformed(file, `a sector of ${logicalSector} bytes is not possible`);
  const capacity = checkCapacity(u64le(need(items, VIRTUAL_DISK_SIZE, 8, file), 0), file);
  if (capacity % logicalSector !== 0) throw malformed(file, 'the disk ends in the middle of a sector');
  const id = items.get(VIRTUAL_DISK_ID);
  const physical = items.get(PHYSICAL_SECTOR_SIZE);
  return {
    capacity,
    blockSize,
    logicalSector,
    ...(physical !== undefined && physical.length >= 4 && { physicalSector: physical.readUInt32LE(0) }),
    fixed: (flags & 1) !== 0,
    ...(id !== undefined && id.length >= 16 && { diskId: guid(id, 0) }),
    ...((flags & 2) !== 0 && { parent: parseLocator(need(items, PARENT_LOCATOR, 20, file), file) }),
  };
}

function parseItems(region: Buffer, file: string): ReadonlyMap<string, Buffer> {
  if (region.length < ITEMS || region.toString('latin1', 0, 8) !== 'metadata')
    throw malformed(file, 'the VHDX metadata is damaged');
  const count = region.readUInt16LE(10);
  if (count > 2047) throw malformed(file, `${count} VHDX metadata items are not possible`);
  const known = [FILE_PARAMETERS, VIRTUAL_DISK_SIZE, VIRTUAL_DISK_ID, LOGICAL_SECTOR_SIZE, PHYSICAL_SECTOR_SIZE, PARENT_LOCATOR];
  const items = new Map<string, Buffer>();
  for (let index = 0; index < count; index += 1) {
    const at = 32 + index * 32;
    const id = guid(region, at);
    const [offset, length, flags] = [region.readUInt32LE(at + 16), region.readUInt32LE(at + 20), region.readUInt32LE(at + 24)];
    if (!known.includes(id)) {
      if ((flags & 4) !== 0) throw unsupported(file, `the VHDX needs metadata item ${id}, which is unknown`);
      continue;
    }
    if (length > 0 && (offset < ITEMS || offset + length > region.length))
      throw malformed(file, 'a VHDX metadata item is out of place');
    items.set(id, region.subarray(offset, offset + length));
  }
  return items;
}

function need(items: ReadonlyMap<string, Buffer>, id: string, length: number, file: string): Buffer {
  const item = items.get(id);
  if (item === undefined || item.length < length) throw malformed(file, `the VHDX metadata item ${id} is missing`);
  return item;
}

/** Parent locator (section 2.6.2.6): keys and values in UTF-16LE. */
function parseLocator(item: Buffer, file: string): VhdxParent {
  if (guid(item, 0) !== VHDX_LOCATOR) throw unsupported(file, 'its parent is named in an unknown way');
  const count = item.readUInt16LE(18);
  if (20 + count * 12 > item.length) throw malformed(file, 'the VHDX parent locator is damaged');
  const values = new Map<string, string>();
  for (let index = 0; index < count; index += 1) {
    const at = 20 + index * 12;
    const key = textAt(item, item.readUInt32LE(at), item.readUInt16LE(at + 8));
    values.set(key, textAt(item, item.readUInt32LE(at + 4), item.readUInt16LE(at + 10)));
  }
  const linkages = ['parent_linkage', 'parent_linkage2'].flatMap((key) => values.get(key) ?? []);
  const paths = ['relative_path', 'volume_path', 'absolute_win32_path'].flatMap((key) => values.get(key) ?? []);
  return { linkages: linkages.map((linkage) => linkage.replaceAll(/[{}]/g, '').toLowerCase()), paths };
}

function textAt(item: Buffer, offset: number, length: number): string {
  return item.toString('utf16le', Math.min(offset, item.length), Math.min(offset + length, item.length));
}
