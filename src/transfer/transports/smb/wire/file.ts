/** Opening, reading and closing a file ([MS-SMB2] 2.2.13 to 2.2.20). Pure. */
import type { Extent } from '../../../../model/transfer.ts';
import type { Bytes } from '../../../../model/units.ts';
import { HEAD, Malformed, need, part } from './message.ts';

const CREATE = 56;
const IMPERSONATION = 2;
/** No more than reading takes: a file that its owner holds open without sharing anything else stays readable. */
const READ_DATA_AND_ATTRIBUTES = 0x81;
/** Others may read, write and delete it: whoever needs the file is not disturbed by us. */
const SHARE_ALL = 7;
const OPEN_EXISTING = 1;
const NO_FOLDER = 0x40;

/** @param path below the share, parts separated by `/` */
export function openRequest(path: string): Buffer {
  const name = Buffer.from(path.replaceAll('/', '\\'), 'utf16le');
  const body = Buffer.alloc(CREATE + Math.max(1, name.length));
  body.writeUInt16LE(CREATE + 1, 0);
  body.writeUInt32LE(IMPERSONATION, 4);
  body.writeUInt32LE(READ_DATA_AND_ATTRIBUTES, 24);
  body.writeUInt32LE(SHARE_ALL, 32);
  body.writeUInt32LE(OPEN_EXISTING, 36);
  body.writeUInt32LE(NO_FOLDER, 40);
  body.writeUInt16LE(HEAD + CREATE, 44);
  body.writeUInt16LE(name.length, 46);
  body.set(name, CREATE);
  return body;
}

export interface Opened {
  /** 16 bytes. */
  readonly id: Buffer;
  readonly size: Bytes;
  /** Time of the last write, in units of 100 ns. */
  readonly written: bigint;
}

/** @throws Malformed */
export function parseOpened(message: Buffer): Opened {
  need(message, HEAD + 88);
  const size = Number(message.readBigUInt64LE(HEAD + 48));
  if (!Number.isSafeInteger(size)) throw new Malformed(`it tells of a file of ${size} bytes`);
  return { id: Buffer.from(part(message, HEAD + 64, 16)), size, written: message.readBigUInt64LE(HEAD + 24) };
}

const READ = 48;
/** Where the data of an answer should begin. */
const DATA_AT = 80;

export function readRequest(id: Buffer, offset: Bytes, length: Bytes): Buffer {
  const body = Buffer.alloc(READ + 1);
  body.writeUInt16LE(READ + 1, 0);
  body.writeUInt8(DATA_AT, 2);
  body.writeUInt32LE(length, 4);
  body.writeBigUInt64LE(BigInt(offset), 8);
  body.set(id, 16);
  // Less than all of it would be the end of the file.
  body.writeUInt32LE(length, 32);
  return body;
}

/** Where in the message the bytes are that were read: an offset and a length. @throws Malformed */
export function parseRead(message: Buffer): Extent {
  need(message, HEAD + 16);
  const [offset, length] = [message.readUInt8(HEAD + 2), message.readUInt32LE(HEAD + 4)];
  part(message, offset, length);
  return { offset, length };
}

export function closeRequest(id: Buffer): Buffer {
  const body = Buffer.alloc(24);
  body.writeUInt16LE(24, 0);
  body.set(id, 8);
  return body;
}
