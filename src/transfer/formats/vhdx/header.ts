/** What stands before the first MiB of a VHDX ([MS-VHDX] 2.2): file identifier, headers, region tables. Pure but for the reading. */
import { type Bytes, KiB, MiB } from '../../../model/units.ts';
import type { StoredBytes } from '../layered/layer.ts';
import type { Trouble } from '../layered/trouble.ts';
import { isWhole } from './crc32c.ts';
import { guid, NO_GUID, u64 } from './fields.ts';

const HEADERS = [64 * KiB, 128 * KiB];
const HEADER: Bytes = 4 * KiB;
const REGION_TABLES = [192 * KiB, 256 * KiB];
const REGION_TABLE: Bytes = 64 * KiB;
/** Everything else lies behind it. */
export const HEADER_SECTION: Bytes = MiB;

const BAT = '2dc27766-f623-4200-9d64-115e9bfd4a08';
const METADATA = '8b7ca206-4790-4b9a-b8fe-575f050f886e';

/** A part of the file, in whole MiB. */
export interface Region {
  readonly offset: Bytes;
  readonly length: Bytes;
}

export interface VhdxHeader {
  /** Changes with every write to the disk: by this a child knows its parent. */
  readonly dataWriteGuid: string;
  readonly log: Region;
  /** Entries of the log that bear it have to be replayed; absent: nothing has to. */
  readonly logGuid?: string;
}

/** @throws MigrationError `image-malformed`, `image-unsupported`, `image-truncated` */
export async function readHeader(bytes: StoredBytes, trouble: Trouble): Promise<VhdxHeader> {
  if (bytes.size < HEADER_SECTION) throw trouble.truncated(`it has only ${bytes.size} bytes`);
  if ((await take(bytes, 0, 8)).toString('latin1') !== 'vhdxfile') throw trouble.malformed('its mark is missing');
  const found: Buffer[] = [];
  for (const at of HEADERS) {
    const block = await take(bytes, at, HEADER);
    if (isWhole(block, 'head')) found.push(block);
  }
  const [current, other] = found.toSorted((a, b) => Number(b.readBigUInt64LE(8) - a.readBigUInt64LE(8)));
  if (current === undefined) throw trouble.malformed('neither of its headers is whole');
  if (other !== undefined && other.readBigUInt64LE(8) === current.readBigUInt64LE(8) && !other.equals(current)) {
    throw trouble.malformed('two headers contradict each other');
  }
  const [logVersion, version] = [current.readUInt16LE(64), current.readUInt16LE(66)];
  if (version !== 1 || logVersion !== 0) throw trouble.unsupported(`version ${version}, log ${logVersion} is not known`);
  const log = { length: current.readUInt32LE(68), offset: u64(current, 72) };
  if (log.length > 0) checkRegion(log, bytes.size, trouble);
  const logGuid = guid(current, 48);
  return { dataWriteGuid: guid(current, 32), log, ...(logGuid !== NO_GUID && { logGuid }) };
}

export interface Regions {
  readonly bat: Region;
  readonly metadata: Region;
}

/**
 * @param bytes with the log replayed
 * @throws MigrationError `image-malformed`, `image-unsupported`, `image-truncated`
 */
export async function readRegions(bytes: StoredBytes, trouble: Trouble): Promise<Regions> {
  for (const at of REGION_TABLES) {
    const table = await take(bytes, at, REGION_TABLE);
    if (isWhole(table, 'regi')) return parseRegions(table, bytes.size, trouble);
  }
  throw trouble.malformed('neither of its region tables is whole');
}

function parseRegions(table: Buffer, size: Bytes, trouble: Trouble): Regions {
  const count = table.readUInt32LE(8);
  if (count > 2047) throw trouble.malformed(`it has ${count} regions`);
  const regions = new Map<string, Region>();
  for (let index = 0; index < count; index += 1) {
    const at = 16 + index * 32;
    const id = guid(table, at);
    if (id !== BAT && id !== METADATA) {
      if ((table.readUInt32LE(at + 28) & 1) !== 0) throw trouble.unsupported(`it needs region ${id}, which is not known`);
      continue;
    }
    if (regions.has(id)) throw trouble.malformed('a region comes twice');
    const region = { offset: u64(table, at + 16), length: table.readUInt32LE(at + 24) };
    checkRegion(region, size, trouble);
    regions.set(id, region);
  }
  const [bat, metadata] = [regions.get(BAT), regions.get(METADATA)];
  if (bat === undefined || metadata === undefined) throw trouble.malformed('a region is missing');
  return { bat, metadata };
}

function checkRegion({ offset, length }: Region, size: Bytes, trouble: Trouble): void {
  if (offset < HEADER_SECTION || offset % MiB !== 0 || length === 0 || length % MiB !== 0) {
    throw trouble.malformed('a region is out of place');
  }
  if (offset + length > size) throw trouble.truncated('a region is missing');
}

async function take(bytes: StoredBytes, at: Bytes, length: Bytes): Promise<Buffer> {
  const block = Buffer.alloc(length);
  await bytes.fill(at, block);
  return block;
}
