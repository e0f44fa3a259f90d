/** The header of a qcow2 image, by QEMU's docs/interop/qcow2.txt. Pure; all fields big-endian. */
import type { ImageFormat } from '../../../src/model/transfer.ts';
import type { Bytes } from '../../../src/model/units.ts';
import { u64be } from './fields.ts';
import { checkCapacity, malformed, truncated, unsupported } from './trouble.ts';

/** Incompatible feature bits that QEMU 7.2 knows. */
const DIRTY = 1n;
const CORRUPT = 2n;
const DATA_FILE = 4n;
const COMPRESSION = 8n;
const EXTENDED_L2 = 16n;

const BACKING_FORMAT = 0xe279_2aca;
const DATA_FILE_NAME = 0x4441_5441;

export interface Qcow2Header {
  readonly version: 2 | 3;
  readonly capacity: Bytes;
  readonly clusterSize: Bytes;
  readonly l1: { readonly offset: Bytes; readonly entries: number };
  readonly refcountTable: { readonly offset: Bytes; readonly length: Bytes };
  readonly snapshots: number;
  readonly encrypted: boolean;
  readonly dirty: boolean;
  readonly corrupt: boolean;
  readonly extendedL2: boolean;
  readonly compression: 'zlib' | 'zstd';
  readonly backingFile?: string;
  /** As written: `raw`, `qcow2`, `vpc`, … */
  readonly backingFormat?: string;
  /** Set when the data is in another file; empty when its name is not stated. */
  readonly dataFile?: string;
}

/** True for `QFI\xfb` of any version. */
export function isQcow(head: Buffer): boolean {
  return head.length >= 8 && head.readUInt32BE(0) === 0x5146_49fb;
}

/**
 * @param head at least the first cluster, or all of a shorter file
 * @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `image-too-large`
 */
export function parseQcow2(head: Buffer, file: string): Qcow2Header {
  if (head.length < 112) throw truncated(file, 'its header is missing');
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw unsupported(file, `qcow version ${version} cannot be read`);
  const clusterBits = head.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21)
    throw malformed(file, `clusters of 2^${clusterBits} bytes are not possible`, 'byte 20');
  const features = version === 3 ? head.readBigUInt64BE(72) : 0n;
  const unknown = features & ~(DIRTY | CORRUPT | DATA_FILE | COMPRESSION | EXTENDED_L2);
  if (unknown !== 0n) throw unsupported(file, `its feature bits ${unknown.toString(2)} are unknown`);
  const headerLength = version === 3 ? head.readUInt32BE(100) : 72;
  const cluster = head.subarray(0, 2 ** clusterBits);
  const extensions = parseExtensions(cluster, headerLength, file);
  const backingFile = parseBackingFile(cluster, file);
  const backingFormat = extensions.get(BACKING_FORMAT);
  return {
    version,
    capacity: checkCapacity(u64be(head, 24), file),
    clusterSize: 2 ** clusterBits,
    l1: { offset: u64be(head, 40), entries: head.readUInt32BE(36) },
    refcountTable: { offset: u64be(head, 48), length: head.readUInt32BE(56) * 2 ** clusterBits },
    snapshots: head.readUInt32BE(60),
    encrypted: head.readUInt32BE(32) !== 0,
    dirty: (features & DIRTY) !== 0n,
    corrupt: (features & CORRUPT) !== 0n,
    extendedL2: (features & EXTENDED_L2) !== 0n,
    compression: compressionOf(head, { features, headerLength, file }),
    ...(backingFile !== undefined && { backingFile }),
    ...(backingFormat !== undefined && { backingFormat }),
    ...((features & DATA_FILE) !== 0n && { dataFile: extensions.get(DATA_FILE_NAME) ?? '' }),
  };
}

function compressionOf(head: Buffer, about: { features: bigint; headerLength: number; file: string }): 'zlib' | 'zstd' {
  const type = (about.features & COMPRESSION) !== 0n && about.headerLength > 104 ? (head[104] ?? 0) : 0;
  if (type > 1) throw unsupported(about.file, `its compression type ${type} is unknown`);
  return type === 1 ? 'zstd' : 'zlib';
}

function parseBackingFile(cluster: Buffer, file: string): string | undefined {
  const offset = u64be(cluster, 8);
  const length = cluster.readUInt32BE(16);
  if (offset === 0 || length === 0) return undefined;
  if (length > 1023 || offset + length > cluster.length)
    throw malformed(file, 'the name of its backing file is out of place', 'byte 8');
  return cluster.toString('utf8', offset, offset + length);
}

/** The extensions whose values are text. */
function parseExtensions(cluster: Buffer, start: number, file: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  if (start < 72 || start > cluster.length) throw malformed(file, `a header of ${start} bytes is not possible`, 'byte 100');
  let at = start;
  while (at + 8 <= cluster.length) {
    const type = cluster.readUInt32BE(at);
    const length = cluster.readUInt32BE(at + 4);
    if (type === 0) break;
    if (at + 8 + length > cluster.length) throw malformed(file, 'a header extension is out of place', `byte ${at}`);
    if (type === BACKING_FORMAT || type === DATA_FILE_NAME) found.set(type, cluster.toString('utf8', at + 8, at + 8 + length));
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return found;
}

/** QEMU's driver names in our words; undefined for what is no image file (`nbd`, `host_device`, …). */
export function formatOfDriver(driver: string): ImageFormat | undefined {
  switch (driver) {
    case 'raw':
    case 'vmdk':
    case 'vhdx':
    case 'qcow2':
    case 'vdi':
      return driver;
    case 'vpc':
      return 'vhd';
    default:
      return undefined;
  }
}
