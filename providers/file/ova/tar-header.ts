/** One tar header block: ustar (POSIX.1-1988), pax (POSIX.1-2001) and GNU forms. Pure. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { Bytes } from '../../../src/model/units.ts';

export const BLOCK = 512;

export interface TarHeader {
  readonly name: string;
  /** Bytes of data that follow the header. */
  readonly size: Bytes;
  /** Type flag; `\0` is written as `0`. */
  readonly type: string;
}

/** Where the block is, for errors. */
export interface TarPlace {
  readonly file: string;
  readonly offset: Bytes;
}

/** True when the block is all zeros: half of the end mark. */
export function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** True when the block's checksum is right: the sign of a tar header. */
export function hasChecksum(block: Buffer): boolean {
  const stated = octal(block.subarray(148, 156));
  if (stated === undefined) return false;
  let unsigned = 0;
  let signed = 0;
  for (const [index, byte] of block.entries()) {
    // The checksum counts itself as spaces. Old tars summed signed characters.
    const value = index >= 148 && index < 156 ? 0x20 : byte;
    unsigned += value;
    signed += value > 127 ? value - 256 : value;
  }
  return stated === unsigned || stated === signed;
}

/** @throws MigrationError `tar-malformed` */
export function parseHeader(block: Buffer, place: TarPlace): TarHeader {
  if (!hasChecksum(block)) throw tarMalformed('a header with a wrong checksum', place);
  const size = sizeOf(block.subarray(124, 136));
  if (size === undefined) throw tarMalformed('a header without a readable size', place);
  const flag = block.toString('latin1', 156, 157);
  // GNU puts times where ustar has the prefix; the two differ in their magic.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type: flag === '\0' ? '0' : flag };
}

export function tarMalformed(what: string, { file, offset }: TarPlace): MigrationError {
  return new MigrationError('tar-malformed', `The archive has ${what}`, { file, at: `byte ${offset}` });
}

/** Up to the first NUL, as UTF-8. */
export function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(field.subarray(0, end < 0 ? field.length : end)).toString('utf8');
}

/** Octal digits with spaces or NULs around them. */
function octal(field: Uint8Array): number | undefined {
  const digits = Buffer.from(field).toString('latin1').replaceAll('\0', ' ').trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Octal, or GNU's base-256: a first byte of 0x80 and the value in the other eleven, big-endian. */
function sizeOf(field: Uint8Array): Bytes | undefined {
  if (((field[0] ?? 0) & 0x80) === 0) return octal(field);
  if (field[0] !== 0x80) return undefined;
  let value = 0;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : undefined;
}
