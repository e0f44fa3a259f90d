/** Writes dynamic and differencing VHDs with sectors that are not there. What it writes is judged by qemu-img and libvhdi (vhd.test.ts). */
import { open } from 'node:fs/promises';
import { checksum } from '../../../../src/transfer/formats/vhd/structures.ts';
import type { PlannedBlock } from '../vhdx/vhdx-writer.ts';

const SECTOR = 512;
const UNUSED = 0xffff_ffff;

export interface VhdPlan {
  readonly capacity: number;
  readonly blockSize: number;
  /** Blocks by number; one without `sectors` is there wholly. */
  readonly blocks: ReadonlyMap<number, PlannedBlock>;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  readonly parent?: { readonly uuid: string; readonly name: string };
}

/** Where things are in the file. */
export interface VhdPlaces {
  readonly size: number;
  readonly header: number;
  readonly table: number;
  readonly blocks: ReadonlyMap<number, number>;
}

export async function writeVhd(path: string, plan: VhdPlan): Promise<VhdPlaces> {
  const { capacity, blockSize, blocks } = plan;
  const entries = Math.ceil(capacity / blockSize);
  const [header, table, locator] = [512, 1536, 1536 + Math.ceil((entries * 4) / SECTOR) * SECTOR];
  const bits = Math.ceil(blockSize / SECTOR / 8 / SECTOR) * SECTOR;
  const places = new Map<number, number>();
  let end = locator + SECTOR;
  for (const number of [...blocks.keys()].toReversed()) {
    places.set(number, end);
    end += bits + blockSize;
  }
  await using file = await open(path, 'w');
  const put = async (at: number, bytes: Buffer): Promise<void> => {
    await file.write(bytes, 0, bytes.length, at);
  };
  const footer = footerOf(plan);
  await put(0, footer);
  await put(header, headerOf(plan, { table, entries, locator }));
  const map = Buffer.alloc(entries * 4);
  for (let number = 0; number < entries; number += 1) {
    const at = places.get(number);
    map.writeUInt32BE(at === undefined ? UNUSED : at / SECTOR, number * 4);
  }
  await put(table, map);
  await put(locator, relativePath(plan));
  for (const [number, { content = Buffer.alloc(0), sectors = () => true }] of blocks) {
    const at = places.get(number) ?? 0;
    await put(at, bitmapOf(blockSize, sectors));
    await put(at + bits, content);
  }
  await put(end, footer);
  return { size: end + SECTOR, header, table, blocks: places };
}

function footerOf({ capacity, uuid, parent }: VhdPlan): Buffer {
  const footer = Buffer.alloc(512);
  footer.write('conectix');
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x0001_0000, 12);
  footer.writeBigUInt64BE(512n, 16);
  footer.write('win ', 28);
  footer.write('Wi2k', 36);
  footer.writeBigUInt64BE(BigInt(capacity), 40);
  footer.writeBigUInt64BE(BigInt(capacity), 48);
  footer.writeUInt32BE(parent === undefined ? 3 : 4, 60);
  Buffer.from(uuid, 'hex').copy(footer, 68);
  footer.writeUInt32BE(checksum(footer, 64), 64);
  return footer;
}

interface Tables {
  readonly table: number;
  readonly entries: number;
  readonly locator: number;
}

function headerOf(plan: VhdPlan, { table, entries, locator }: Tables): Buffer {
  const { blockSize, parent } = plan;
  const header = Buffer.alloc(1024);
  header.write('cxsparse');
  header.fill(0xff, 8, 16);
  header.writeBigUInt64BE(BigInt(table), 16);
  header.writeUInt32BE(0x0001_0000, 24);
  header.writeUInt32BE(entries, 28);
  header.writeUInt32BE(blockSize, 32);
  if (parent !== undefined) {
    Buffer.from(parent.uuid, 'hex').copy(header, 40);
    Buffer.from(parent.name, 'utf16le').swap16().copy(header, 64);
    header.write('W2ru', 576);
    header.writeUInt32BE(1, 580);
    header.writeUInt32BE(Buffer.from(`.\\${parent.name}`, 'utf16le').length, 584);
    header.writeBigUInt64BE(BigInt(locator), 592);
  }
  header.writeUInt32BE(checksum(header, 36), 36);
  return header;
}

function relativePath({ parent }: VhdPlan): Buffer {
  return parent === undefined ? Buffer.alloc(0) : Buffer.from(`.\\${parent.name}`, 'utf16le');
}

/** The first sector has the highest bit. */
function bitmapOf(blockSize: number, sectors: (index: number) => boolean): Buffer {
  const bitmap = Buffer.alloc(Math.ceil(blockSize / SECTOR / 8 / SECTOR) * SECTOR);
  for (let index = 0; index < blockSize / SECTOR; index += 1) {
    if (sectors(index)) bitmap[index >>> 3] = (bitmap[index >>> 3] ?? 0) | (0x80 >>> (index & 7));
  }
  return bitmap;
}
