/**
 * Writes VHDX files that other programs do not, or not when asked: partially present blocks, 4 KiB sectors, tables behind the data, blocks
 * in any order. What it writes is judged by qemu-img and libvhdi (vhdx.test.ts, chains.test.ts). Logs are in log-writer.ts.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { checksum } from '../../../../src/transfer/formats/vhdx/crc32c.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

export interface VhdxPlan {
  readonly capacity: number;
  readonly blockSize: number;
  readonly sector?: 512 | 4096;
  /** Payload blocks by number; all others are not present. */
  readonly blocks: ReadonlyMap<number, PlannedBlock>;
  readonly parent?: {
    readonly linkage: string;
    readonly path: string;
    readonly second?: string;
    /** @default one on C: of the same name */
    readonly absolute?: string;
  };
  /** @default one made of the file's name */
  readonly dataWriteGuid?: string;
  /** Tables stand behind the data, metadata last. */
  readonly tablesLast?: boolean;
}

export interface PlannedBlock {
  /** [MS-VHDX] 2.5.1.1; 6 when it has content, 7 when it has sectors too. */
  readonly state?: number;
  readonly content?: Buffer;
  /** Sectors of the block that are present. */
  readonly sectors?: (index: number) => boolean;
}

/** Where things are in the file. */
export interface VhdxPlaces {
  readonly size: number;
  readonly log: number;
  readonly bat: number;
  readonly metadata: number;
  /** Of payload blocks, by number. */
  readonly blocks: ReadonlyMap<number, number>;
  /** Of sector bitmaps, by chunk. */
  readonly bitmaps: ReadonlyMap<number, number>;
}

export const LOG_LENGTH = MiB;

export async function writeVhdx(path: string, plan: VhdxPlan): Promise<VhdxPlaces> {
  await using file = await open(path, 'w');
  const places = arrange(plan);
  await file.truncate(places.size);
  await file.write(Buffer.from('vhdxfile'), 0, 8, 0);
  for (const [index, at] of [64 * KiB, 128 * KiB].entries()) {
    await writeHeader(file, at, { sequence: 7 + index, dataWriteGuid: plan.dataWriteGuid ?? guidOf(path), log: places.log });
  }
  await writeAt(file, 192 * KiB, regionTable(plan, places));
  await writeAt(file, 256 * KiB, regionTable(plan, places));
  await writeAt(file, places.metadata, metadata(plan));
  await writeAt(file, places.bat, table(plan, places));
  for (const [number, { content }] of plan.blocks) {
    const at = places.blocks.get(number);
    if (at !== undefined && content !== undefined) await writeAt(file, at, content);
  }
  for (const [chunk, at] of places.bitmaps) await writeAt(file, at, bitmap(plan, chunk));
  return places;
}

export interface HeaderFields {
  readonly sequence: number;
  readonly dataWriteGuid: string;
  readonly log: number;
  readonly logGuid?: string;
}

export async function writeHeader(file: FileHandle, at: number, fields: HeaderFields): Promise<void> {
  await writeAt(file, at, headerBlock(fields));
}

export function headerBlock(fields: HeaderFields): Buffer {
  const header = Buffer.alloc(4 * KiB);
  header.write('head');
  header.writeBigUInt64LE(BigInt(fields.sequence), 8);
  guidBytes('11111111-2222-3333-4444-555555555555').copy(header, 16);
  guidBytes(fields.dataWriteGuid).copy(header, 32);
  if (fields.logGuid !== undefined) guidBytes(fields.logGuid).copy(header, 48);
  header.writeUInt16LE(1, 66);
  header.writeUInt32LE(LOG_LENGTH, 68);
  header.writeBigUInt64LE(BigInt(fields.log), 72);
  return sign(header);
}

/** Puts the checksum right. */
export function sign(block: Buffer): Buffer {
  block.writeUInt32LE(checksum(block), 4);
  return block;
}

export function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** A GUID that is the same for the same name. */
export function guidOf(name: string): string {
  const hex = Buffer.from(name).toString('hex').padStart(32, '0').slice(-32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Blocks in one chunk, which has one sector bitmap. */
export function chunkRatio({ blockSize, sector = 512 }: Pick<VhdxPlan, 'blockSize' | 'sector'>): number {
  return (2 ** 23 * sector) / blockSize;
}

function blockCount({ capacity, blockSize }: VhdxPlan): number {
  return Math.ceil(capacity / blockSize);
}

function tableLength(plan: VhdxPlan): number {
  const entries = Math.ceil(blockCount(plan) / chunkRatio(plan)) * (chunkRatio(plan) + 1);
  return Math.ceil((entries * 8) / MiB) * MiB;
}

/** Blocks go into the file from the last to the first, with a bitmap before the first block of its chunk. */
function arrange(plan: VhdxPlan): VhdxPlaces {
  let end = 1 * MiB;
  const take = (length: number): number => {
    end += length;
    return end - length;
  };
  const log = take(LOG_LENGTH);
  const early = plan.tablesLast === true ? undefined : { metadata: take(MiB), bat: take(tableLength(plan)) };
  const blocks = new Map<number, number>();
  const bitmaps = new Map<number, number>();
  for (const [number, block] of [...plan.blocks].toReversed()) {
    const chunk = Math.floor(number / chunkRatio(plan));
    if (block.sectors !== undefined && !bitmaps.has(chunk)) bitmaps.set(chunk, take(MiB));
    if (block.content !== undefined) blocks.set(number, take(plan.blockSize));
  }
  const { bat, metadata: items } = early ?? { bat: take(tableLength(plan)), metadata: take(MiB) };
  return { size: end, log, bat, metadata: items, blocks, bitmaps };
}

function regionTable(plan: VhdxPlan, { bat, metadata: items }: VhdxPlaces): Buffer {
  const block = Buffer.alloc(64 * KiB);
  block.write('regi');
  block.writeUInt32LE(2, 8);
  const regions = [
    ['2dc27766-f623-4200-9d64-115e9bfd4a08', bat, tableLength(plan)],
    ['8b7ca206-4790-4b9a-b8fe-575f050f886e', items, MiB],
  ] as const;
  for (const [index, [id, offset, length]] of regions.entries()) {
    const at = 16 + index * 32;
    guidBytes(id).copy(block, at);
    block.writeBigUInt64LE(BigInt(offset), at + 16);
    block.writeUInt32LE(length, at + 24);
    block.writeUInt32LE(1, at + 28);
  }
  return sign(block);
}

function table(plan: VhdxPlan, places: VhdxPlaces): Buffer {
  const block = Buffer.alloc(tableLength(plan));
  const ratio = chunkRatio(plan);
  const put = (index: number, state: number, at = 0): void => {
    block.writeBigUInt64LE((BigInt(at / MiB) << 20n) | BigInt(state), index * 8);
  };
  for (const [number, { state, content, sectors }] of plan.blocks) {
    const implied = sectors !== undefined ? 7 : content !== undefined ? 6 : 0;
    put(number + Math.floor(number / ratio), state ?? implied, places.blocks.get(number));
  }
  for (const [chunk, at] of places.bitmaps) put(chunk * (ratio + 1) + ratio, 6, at);
  return block;
}

function bitmap(plan: VhdxPlan, chunk: number): Buffer {
  const block = Buffer.alloc(MiB);
  const each = plan.blockSize / (plan.sector ?? 512);
  const ratio = chunkRatio(plan);
  for (const [number, { sectors }] of plan.blocks) {
    if (sectors === undefined || Math.floor(number / ratio) !== chunk) continue;
    for (let sector = 0; sector < each; sector += 1) {
      const bit = (number % ratio) * each + sector;
      if (sectors(sector)) block[bit >>> 3] = (block[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return block;
}

function metadata({ capacity, blockSize, sector = 512, parent }: VhdxPlan): Buffer {
  const region = Buffer.alloc(MiB);
  region.write('metadata');
  let end = 64 * KiB;
  let count = 0;
  const add = (id: string, content: Buffer, flags: number): void => {
    const at = 32 + count * 32;
    guidBytes(id).copy(region, at);
    region.writeUInt32LE(end, at + 16);
    region.writeUInt32LE(content.length, at + 20);
    region.writeUInt32LE(flags, at + 24);
    content.copy(region, end);
    end += content.length;
    count += 1;
  };
  add('caa16737-fa36-4d43-b3b6-33f0aa44e76b', words(blockSize, parent === undefined ? 0 : 2), 4);
  add('2fa54224-cd1b-4876-b211-5dbed83bf4b8', words(capacity % 2 ** 32, Math.floor(capacity / 2 ** 32)), 6);
  add('beca12ab-b2e6-4523-93ef-c309e000c746', guidBytes('99999999-8888-7777-6666-555555555555'), 6);
  add('8141bf1d-a96f-4709-ba47-f233a8faab5f', words(sector), 6);
  add('cda348c7-445d-4471-9cc9-e9885251c556', words(4096), 6);
  if (parent !== undefined) add('a8d35f2d-b30b-454d-abf7-d3d84834ab0c', locator(parent), 4);
  region.writeUInt16LE(count, 10);
  return region;
}

function locator({ linkage, path, second, absolute }: NonNullable<VhdxPlan['parent']>): Buffer {
  const pairs = [
    ['parent_linkage', `{${linkage}}`],
    ...(second === undefined ? [] : [['parent_linkage2', `{${second}}`]]),
    ['relative_path', path],
    ['absolute_win32_path', `\\\\?\\${absolute ?? `c:\\vms\\${path.split('\\').at(-1)}`}`],
  ];
  const head = Buffer.alloc(20 + pairs.length * 12);
  guidBytes('b04aefb7-d19e-4a81-b789-25b8e9445913').copy(head);
  head.writeUInt16LE(pairs.length, 18);
  const texts: Buffer[] = [];
  let end = head.length;
  for (const [index, pair] of pairs.entries()) {
    for (const [part, text] of pair.entries()) {
      const bytes = Buffer.from(text, 'utf16le');
      head.writeUInt32LE(end, 20 + index * 12 + part * 4);
      head.writeUInt16LE(bytes.length, 28 + index * 12 + part * 2);
      texts.push(bytes);
      end += bytes.length;
    }
  }
  return Buffer.concat([head, ...texts]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

export async function writeAt(file: FileHandle, at: number, bytes: Buffer): Promise<void> {
  await file.write(bytes, 0, bytes.length, at);
}
