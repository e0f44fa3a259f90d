/** Builds sparse VMDKs byte by byte: layouts that qemu-img does not write, and damage at a known place. */
import { deflateSync } from 'node:zlib';

const SECTOR = 512;
const ENTRIES = 512;

export interface SparseVmdk {
  /** In sectors. */
  readonly capacity: number;
  /** By number of the grain, in the order in which they are to stand in the file. */
  readonly grains: ReadonlyMap<number, Buffer | 'zeroed'>;
  /** Deflated grains with markers, directory found through a footer, as VMware streams them; plain grains otherwise. */
  readonly stream: boolean;
  /** In sectors; 128 by default. */
  readonly grainSectors?: number;
}

/** Where things stand in a built image, in bytes. */
export interface Built {
  readonly image: Buffer;
  /** Of the grain or its marker, by number of the grain. */
  readonly grainAt: ReadonlyMap<number, number>;
  /** Of the directory. */
  readonly directoryAt: number;
  /** Of each grain table. */
  readonly tableAt: readonly number[];
}

/** Grains first, then tables, then the directory, as streaming writers have it; without markers where grains are plain. */
export function buildVmdk({ capacity, grains, stream, grainSectors = 128 }: SparseVmdk): Built {
  const parts: Buffer[] = [Buffer.alloc(128 * SECTOR)];
  let size = 128 * SECTOR;
  const add = (bytes: Buffer): number => {
    const at = size;
    parts.push(bytes, Buffer.alloc((SECTOR - (bytes.length % SECTOR)) % SECTOR));
    size += Math.ceil(bytes.length / SECTOR) * SECTOR;
    return at;
  };
  const grainAt = new Map<number, number>();
  const tables = Array.from({ length: Math.ceil(capacity / grainSectors / ENTRIES) }, () => Buffer.alloc(ENTRIES * 4));
  for (const [grain, content] of grains) {
    let entry = 1;
    if (content !== 'zeroed') {
      const at = add(stream ? deflated(grain * grainSectors, content) : content);
      grainAt.set(grain, at);
      entry = at / SECTOR;
    }
    tables[Math.floor(grain / ENTRIES)]?.writeUInt32LE(entry, (grain % ENTRIES) * 4);
  }
  const tableAt = tables.map((table) => {
    if (stream) add(marker(4, 1));
    return add(table);
  });
  const directory = Buffer.alloc(tables.length * 4);
  for (const [index, at] of tableAt.entries()) directory.writeUInt32LE(at / SECTOR, index * 4);
  if (stream) add(marker(Math.ceil(directory.length / SECTOR), 2));
  const directoryAt = add(directory);
  const head = header({ capacity, grainSectors, stream, directory: directoryAt / SECTOR });
  if (stream) {
    add(marker(1, 3));
    add(Buffer.from(head));
    add(marker(0, 0));
    head.writeBigUInt64LE(0xffffffffffffffffn, 56);
  }
  const image = Buffer.concat(parts);
  head.copy(image);
  // qemu takes no image without a content id.
  const text = ['# Disk DescriptorFile', 'version=1', 'CID=6b756265', 'parentCID=ffffffff', ''];
  image.write([...text, `createType="${stream ? 'streamOptimized' : 'monolithicSparse'}"`, ''].join('\n'), SECTOR, 'latin1');
  return { image, grainAt, directoryAt, tableAt };
}

function header(about: { capacity: number; grainSectors: number; stream: boolean; directory: number }): Buffer {
  const head = Buffer.alloc(SECTOR);
  head.write('KDMV', 0, 'latin1');
  head.writeUInt32LE(about.stream ? 3 : 2, 4);
  // Line ends are tested; grains may be zeroed; compressed, with markers.
  head.writeUInt32LE(0x1 | 0x4 | (about.stream ? 0x30000 : 0), 8);
  head.writeBigUInt64LE(BigInt(about.capacity), 12);
  head.writeBigUInt64LE(BigInt(about.grainSectors), 20);
  head.writeBigUInt64LE(1n, 28);
  head.writeBigUInt64LE(20n, 36);
  head.writeUInt32LE(ENTRIES, 44);
  head.writeBigUInt64LE(BigInt(about.directory), 56);
  head.writeBigUInt64LE(128n, 64);
  head.write('\n \r\n', 73, 'latin1');
  head.writeUInt16LE(about.stream ? 1 : 0, 77);
  return head;
}

function deflated(sector: number, content: Buffer): Buffer {
  const packed = deflateSync(content, { level: 1 });
  const lead = Buffer.alloc(12);
  lead.writeBigUInt64LE(BigInt(sector), 0);
  lead.writeUInt32LE(packed.length, 8);
  return Buffer.concat([lead, packed]);
}

function marker(sectors: number, kind: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(kind, 12);
  return bytes;
}
