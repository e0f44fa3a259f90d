/**
 * Footer and header of a VHD, by Microsoft's "Virtual Hard Disk Image Format Specification" 1.0. Pure; all fields are big-endian.
 * The guest-visible size is the footer's current size, as Hyper-V and Azure take it, never the geometry.
 */
import type { Bytes } from '../../../model/units.ts';
import type { Trouble } from '../layered/trouble.ts';

export const SECTOR: Bytes = 512;
export const FOOTER: Bytes = 512;
export const HEADER: Bytes = 1024;

export interface VhdFooter {
  readonly kind: 'fixed' | 'dynamic' | 'differencing';
  readonly capacity: Bytes;
  /** Where the header of a dynamic or differencing disk is. */
  readonly header: Bytes;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
}

/** @throws MigrationError `image-malformed`, `image-unsupported`, `image-too-large` */
export function parseFooter(block: Buffer, trouble: Trouble): VhdFooter {
  if (block.toString('latin1', 0, 8) !== 'conectix') throw trouble.truncated('its footer is missing');
  if (block.readUInt32BE(64) !== checksum(block, 64)) throw trouble.malformed('the checksum of its footer is wrong');
  const type = block.readUInt32BE(60);
  const kind = type === 2 ? 'fixed' : type === 3 ? 'dynamic' : type === 4 ? 'differencing' : undefined;
  if (kind === undefined) throw trouble.unsupported(`type ${type} is not known`);
  const capacity = trouble.checkCapacity(Number(block.readBigUInt64BE(48)));
  return { kind, capacity, header: Number(block.readBigUInt64BE(16)), uuid: block.toString('hex', 68, 84) };
}

export interface VhdHeader {
  readonly table: Bytes;
  readonly entries: number;
  readonly blockSize: Bytes;
  /** Whose child it is, if it is one. */
  readonly parentUuid: string;
}

/** @throws MigrationError `image-malformed` */
export function parseHeader(block: Buffer, trouble: Trouble): VhdHeader {
  if (block.toString('latin1', 0, 8) !== 'cxsparse') throw trouble.malformed('its header is missing');
  if (block.readUInt32BE(36) !== checksum(block, 36)) throw trouble.malformed('the checksum of its header is wrong');
  const blockSize = block.readUInt32BE(32);
  if (blockSize < SECTOR || Math.log2(blockSize) % 1 !== 0)
    throw trouble.malformed(`a block of ${blockSize} bytes is not possible`);
  const table = Number(block.readBigUInt64BE(16));
  return { table, entries: block.readUInt32BE(28), blockSize, parentUuid: block.toString('hex', 40, 56) };
}

/** One's complement of the sum of all bytes but the checksum's own. */
export function checksum(block: Buffer, at: number): number {
  let sum = 0;
  for (const byte of block) sum += byte;
  for (const byte of block.subarray(at, at + 4)) sum -= byte;
  return ~sum >>> 0;
}
