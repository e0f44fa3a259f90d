/**
 * Headers of the four sparse VMDK extents. Pure: bytes in, facts out.
 * Layouts: VMware "Virtual Disk Format 5.0" (KDMV, COWD); seSparse as QEMU 7.2 reads it (block/vmdk.c).
 */
import { type Bytes, MiB } from '../../../src/model/units.ts';
import { u64le } from './fields.ts';
import { checkCapacity, malformed, unsupported } from './trouble.ts';

export const SECTOR = 512;
const GD_AT_END = 0xffff_ffff_ffff_ffffn;
const FOOTER_MARKER = 3;

/** One sparse extent, in bytes. */
export interface SparseHeader {
  readonly capacity: Bytes;
  readonly grain: Bytes;
  readonly compressed: boolean;
  /** Undefined when the header says that only the footer knows. */
  readonly directory?: GrainDirectory;
  /** Embedded descriptor. */
  readonly descriptor?: { readonly offset: Bytes; readonly length: Bytes };
  /** A program that wrote it did not close it. */
  readonly unclean: boolean;
}

export interface GrainDirectory {
  readonly offset: Bytes;
  /** Number of grain tables. */
  readonly tables: number;
  /** Entries in one grain table. */
  readonly entries: number;
}

/**
 * `KDMV`: hosted sparse and streamOptimized, versions 1 to 3.
 * @throws MigrationError `image-malformed`, `image-too-large`, `image-unsupported`
 */
export function parseKdmv(head: Buffer, file: string): SparseHeader {
  if (head.length < SECTOR || head.toString('latin1', 0, 4) !== 'KDMV') throw malformed(file, 'no sparse VMDK header', 'byte 0');
  const version = head.readUInt32LE(4);
  const flags = head.readUInt32LE(8);
  if (version < 1 || version > 3) throw unsupported(file, `sparse VMDK version ${version} is unknown`);
  if ((flags & 1) !== 0 && head.toString('latin1', 73, 77) !== '\n \r\n') {
    throw malformed(file, 'a transfer in text mode changed line ends and with them the data', 'byte 73');
  }
  const capacity = checkCapacity(u64le(head, 12) * SECTOR, file);
  const grain = checkGrain(u64le(head, 20), file);
  const entries = head.readUInt32LE(44);
  if (entries < 1 || entries > 512) throw malformed(file, `a grain table of ${entries} entries is not possible`, 'byte 44');
  const compressed = (flags & 0x1_0000) !== 0;
  if (compressed && head.readUInt16LE(77) !== 1) throw unsupported(file, 'grains are compressed by an unknown method');
  const descriptor = { offset: u64le(head, 28) * SECTOR, length: u64le(head, 36) * SECTOR };
  const atEnd = head.readBigUInt64LE(56) === GD_AT_END;
  const tables = Math.ceil(capacity / (grain * entries));
  return {
    capacity,
    grain,
    compressed,
    ...(!atEnd && { directory: { offset: u64le(head, 56) * SECTOR, tables, entries } }),
    ...(descriptor.offset > 0 && descriptor.length > 0 && { descriptor }),
    unclean: head[72] === 1,
  };
}

/** Size of footer marker, footer and end-of-stream marker, the last three sectors of a streamOptimized VMDK. */
export const FOOTER_LENGTH = 3 * SECTOR;

/**
 * The footer of a streamOptimized VMDK from its last three sectors; undefined when they are something else (a cut file).
 * @throws MigrationError `image-malformed`
 */
export function parseFooter(tail: Buffer, file: string): SparseHeader | undefined {
  const isFooter = tail.readUInt32LE(8) === 0 && tail.readUInt32LE(12) === FOOTER_MARKER;
  const eos = tail.subarray(2 * SECTOR);
  const isEnd = u64le(eos, 0) === 0 && eos.readUInt32LE(8) === 0 && eos.readUInt32LE(12) === 0;
  if (!isFooter || !isEnd) return undefined;
  return parseKdmv(tail.subarray(SECTOR, 2 * SECTOR), file);
}

/**
 * `COWD`: vmfsSparse, the delta of an ESXi snapshot on VMFS 5.
 * @throws MigrationError `image-malformed`, `image-unsupported`
 */
export function parseCowd(head: Buffer, file: string): SparseHeader {
  if (head.length < SECTOR || head.toString('latin1', 0, 4) !== 'COWD') throw malformed(file, 'no vmfsSparse header', 'byte 0');
  if (head.readUInt32LE(4) !== 1) throw unsupported(file, `vmfsSparse version ${head.readUInt32LE(4)} is unknown`);
  const capacity = checkCapacity(head.readUInt32LE(12) * SECTOR, file);
  const grain = checkGrain(head.readUInt32LE(16), file);
  const tables = head.readUInt32LE(24);
  if (tables < Math.ceil(capacity / (grain * 4096))) throw malformed(file, 'the grain directory is too small', 'byte 24');
  const directory = { offset: head.readUInt32LE(20) * SECTOR, tables, entries: 4096 };
  return { capacity, grain, compressed: false, directory, unclean: false };
}

export interface SeSparseHeader {
  readonly capacity: Bytes;
  readonly directory: { readonly offset: Bytes; readonly length: Bytes };
  readonly volatileOffset: Bytes;
}

/**
 * `seSparse`: the delta of an ESXi 6.5+ snapshot on VMFS 6. The constant header only.
 * @throws MigrationError `image-malformed`, `image-unsupported`
 */
export function parseSeSparse(head: Buffer, file: string): SeSparseHeader {
  if (!isSeSparse(head)) throw malformed(file, 'no seSparse header', 'byte 0');
  if (head.readBigUInt64LE(8) !== 0x2_0000_0001n) throw unsupported(file, 'this seSparse version is unknown');
  if (u64le(head, 24) !== 8 || u64le(head, 32) !== 64) throw unsupported(file, 'this seSparse grain size is unknown');
  return {
    capacity: checkCapacity(u64le(head, 16) * SECTOR, file),
    directory: { offset: u64le(head, 128) * SECTOR, length: u64le(head, 136) * SECTOR },
    volatileOffset: u64le(head, 80) * SECTOR,
  };
}

export function isSeSparse(head: Buffer): boolean {
  return head.length >= SECTOR && head.readBigUInt64LE(0) === 0xcafe_baben;
}

/** A journal waits to be replayed into the image: QEMU refuses such an image. */
export function hasSeSparseJournal(volatileHeader: Buffer, file: string): boolean {
  if (volatileHeader.readBigUInt64LE(0) !== 0xcafe_cafen) throw malformed(file, 'the volatile header is damaged');
  return volatileHeader[24] !== 0;
}

/** 4 KiB to 1 MiB is what products write; QEMU takes up to 1 GiB. */
function checkGrain(sectors: number, file: string): Bytes {
  const grain = sectors * SECTOR;
  const isPower = sectors >= 1 && Number.isInteger(Math.log2(sectors));
  if (!isPower || grain > 1024 * MiB) throw malformed(file, `a grain of ${sectors} sectors is not possible`);
  return grain;
}
