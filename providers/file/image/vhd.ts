/**
 * VHD footers and headers, by Microsoft's "Virtual Hard Disk Image Format Specification" 1.0. Pure; all fields big-endian.
 * The guest-visible size is the footer's current size, as Hyper-V and Azure take it. (QEMU's vpc driver takes the geometry instead
 * for some creators unless it is told `force_size_calc=current_size`.)
 */
import type { Bytes } from '../../../src/model/units.ts';
import { u64be } from './fields.ts';
import { checkCapacity, malformed, unsupported } from './trouble.ts';

export const VHD_FOOTER: Bytes = 512;
export const VHD_HEADER: Bytes = 1024;

export interface VhdFooter {
  readonly kind: 'fixed' | 'dynamic' | 'differencing';
  readonly capacity: Bytes;
  /** Where the header of a dynamic disk is. */
  readonly headerOffset: Bytes;
  readonly uuid: string;
  /** Program that wrote it: `win `, `vpc `, `vbox`, `qem2`, `tap`. */
  readonly creator: string;
  readonly savedState: boolean;
}

/** True for a block that starts as a footer and whose checksum is right. */
export function isVhdFooter(block: Buffer): boolean {
  return startsAsVhdFooter(block) && block.readUInt32BE(64) === checksum(block.subarray(0, VHD_FOOTER), 64);
}

export function startsAsVhdFooter(block: Buffer): boolean {
  return block.length >= VHD_FOOTER && block.toString('latin1', 0, 8) === 'conectix';
}

/** @throws MigrationError `image-malformed`, `image-unsupported`, `image-too-large` */
export function parseVhdFooter(block: Buffer, file: string): VhdFooter {
  if (!startsAsVhdFooter(block)) throw malformed(file, 'no VHD footer');
  if (!isVhdFooter(block)) throw malformed(file, 'the checksum of the VHD footer is wrong');
  const type = block.readUInt32BE(60);
  const kind = type === 2 ? 'fixed' : type === 3 ? 'dynamic' : type === 4 ? 'differencing' : undefined;
  if (kind === undefined) throw unsupported(file, `VHD type ${type} is unknown`);
  return {
    kind,
    capacity: checkCapacity(u64be(block, 48), file),
    headerOffset: u64be(block, 16),
    uuid: block.toString('hex', 68, 84),
    creator: block
      .toString('latin1', 28, 32)
      .replace(/[^\x20-\x7e]/g, '')
      .trim(),
    savedState: block[84] === 1,
  };
}

export interface VhdHeader {
  readonly table: { readonly offset: Bytes; readonly entries: number };
  readonly blockSize: Bytes;
  readonly parentUuid: string;
  /** Names the parent may have, best first. */
  readonly parentNames: readonly string[];
  /** Where the parent's paths are written; their text is elsewhere in the file. */
  readonly locators: readonly ParentLocator[];
}

export interface ParentLocator {
  /** `W2ru` relative path, `W2ku` absolute path, both UTF-16LE; others are dead. */
  readonly code: string;
  readonly offset: Bytes;
  readonly length: number;
}

/** @throws MigrationError `image-malformed` */
export function parseVhdHeader(block: Buffer, file: string): VhdHeader {
  if (block.toString('latin1', 0, 8) !== 'cxsparse') throw malformed(file, 'no VHD dynamic disk header');
  if (block.readUInt32BE(36) !== checksum(block, 36)) throw malformed(file, 'the checksum of the VHD header is wrong');
  const blockSize = block.readUInt32BE(32);
  if (blockSize < 512 || !Number.isInteger(Math.log2(blockSize))) {
    throw malformed(file, `a block of ${blockSize} bytes is not possible`);
  }
  const name = Buffer.from(block.subarray(64, 576)).swap16().toString('utf16le').replace(/\0.*$/s, '');
  return {
    table: { offset: u64be(block, 16), entries: block.readUInt32BE(28) },
    blockSize,
    parentUuid: block.toString('hex', 40, 56),
    parentNames: name === '' ? [] : [name],
    locators: Array.from({ length: 8 }, (_, index) => parseLocator(block, 576 + index * 24)).filter(
      ({ code, length }) => (code === 'W2ru' || code === 'W2ku') && length > 0 && length <= 4096,
    ),
  };
}

function parseLocator(block: Buffer, at: number): ParentLocator {
  return { code: block.toString('latin1', at, at + 4), length: block.readUInt32BE(at + 8), offset: u64be(block, at + 16) };
}

/** One's complement of the sum of all bytes but the checksum itself. */
export function checksum(block: Buffer, at: number): number {
  let sum = 0;
  for (let index = 0; index < block.length; index += 1) {
    if (index < at || index >= at + 4) sum += block[index] ?? 0;
  }
  return ~sum >>> 0;
}
