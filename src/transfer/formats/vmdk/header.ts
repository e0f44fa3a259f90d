/** Header and markers of hosted sparse VMDKs (VMware «Virtual Disk Format 5.0», «Hosted Sparse Extents», «Stream-Optimized»). Little-endian. Pure. */
import { MigrationError } from '../../../model/errors.ts';
import { type Bytes, MAX_DISK_BYTES } from '../../../model/units.ts';
import { SECTOR } from './descriptor.ts';

/** `KDMV` as a little-endian number. */
const MAGIC = 0x564d444b;
const FLAG_COMPRESSED = 1 << 16;
const FLAG_MARKERS = 1 << 17;
const DEFLATE = 1;
const DIRECTORY_AT_END = 0xffffffffffffffffn;
/** Every known writer uses 128 sectors (64 KiB); up to 1 MiB is accepted. */
const MAX_GRAIN_SECTORS = 2048;
/** Every known writer uses exactly these; qemu refuses more (block/vmdk.c, vmdk_open_vmdk4). */
const MAX_TABLE_ENTRIES = 512;

export interface SparseHeader {
  /** Size of the disk. */
  readonly capacity: Bytes;
  readonly grainBytes: Bytes;
  /** Where the grain directory is; undefined when it stands at the end of the image. */
  readonly directory: Bytes | undefined;
  /** Entries of a grain table. */
  readonly tableEntries: number;
  /** Grains (or, with markers, the first marker) begin here. */
  readonly overhead: Bytes;
  /** Grains are deflated and each is led by a marker: streamOptimized. */
  readonly stream: boolean;
}

/**
 * @param bytes the first 512 bytes of the image
 * @throws MigrationError `image-malformed`, `image-unsupported`
 */
export function parseHeader(bytes: Buffer): SparseHeader {
  if (bytes.length < SECTOR || bytes.readUInt32LE(0) !== MAGIC) {
    throw new MigrationError('image-malformed', 'The image does not begin with a sparse VMDK header.');
  }
  const version = bytes.readUInt32LE(4);
  const flags = bytes.readUInt32LE(8);
  const capacity = Number(bytes.readBigUInt64LE(12)) * SECTOR;
  const grainSectors = Number(bytes.readBigUInt64LE(20));
  const tableEntries = bytes.readUInt32LE(44);
  const directory = bytes.readBigUInt64LE(56);
  const overhead = Number(bytes.readBigUInt64LE(64)) * SECTOR;
  const compressed = (flags & FLAG_COMPRESSED) !== 0;
  if (version < 1 || version > 3) throw new MigrationError('image-unsupported', `VMDK version ${version} is not known.`);
  if (compressed && ((flags & FLAG_MARKERS) === 0 || bytes.readUInt16LE(77) !== DEFLATE)) {
    throw new MigrationError('image-unsupported', 'The VMDK is compressed in a way that is not known.');
  }
  const powerOfTwo = grainSectors > 0 && grainSectors <= MAX_GRAIN_SECTORS && (grainSectors & (grainSectors - 1)) === 0;
  if (
    !powerOfTwo ||
    capacity === 0 ||
    capacity > MAX_DISK_BYTES ||
    !(overhead >= SECTOR && overhead <= MAX_DISK_BYTES) ||
    tableEntries === 0 ||
    tableEntries > MAX_TABLE_ENTRIES
  ) {
    throw new MigrationError('image-malformed', 'The VMDK header states impossible sizes.');
  }
  return {
    capacity,
    grainBytes: grainSectors * SECTOR,
    directory: directory === DIRECTORY_AT_END ? undefined : Number(directory) * SECTOR,
    tableEntries,
    overhead,
    stream: compressed,
  };
}

export type Marker =
  /** A deflated grain of `size` bytes for the disk's byte `offset` follows the marker's 12 bytes at once. */
  | { readonly kind: 'grain'; readonly offset: Bytes; readonly size: Bytes }
  /** Metadata of `length` bytes follows the marker's sector. */
  | { readonly kind: 'table' | 'directory' | 'footer'; readonly length: Bytes }
  | { readonly kind: 'end' };

export const GRAIN_MARKER_BYTES = 12;

/** Deflate adds a few bytes to what it cannot shrink; VMware's limit is the grain and a bit. */
export function maxDeflated(grainBytes: Bytes): Bytes {
  return grainBytes + (grainBytes >> 3) + 64;
}

const METADATA_KINDS = ['end', 'table', 'directory', 'footer'] as const;

/**
 * @param bytes the first 16 bytes of a sector at which a marker stands
 * @throws MigrationError `image-malformed`
 */
export function parseMarker(bytes: Buffer): Marker {
  const value = Number(bytes.readBigUInt64LE(0));
  const size = bytes.readUInt32LE(8);
  if (size > 0) return { kind: 'grain', offset: value * SECTOR, size };
  const kind = METADATA_KINDS[bytes.readUInt32LE(12)];
  if (kind === undefined || value * SECTOR > MAX_DISK_BYTES) {
    throw new MigrationError('image-malformed', 'The VMDK holds a marker of unknown kind.');
  }
  return kind === 'end' ? { kind } : { kind, length: value * SECTOR };
}
