/**
 * The bytes of a journal. A journal is a header and then records, each true by itself:
 *
 *   length of the payload (4) · type (1) · payload · CRC-32 (4)          all numbers little-endian
 *
 * The checksum runs on from record to record, so that a record is only valid behind exactly those that it was written behind: what
 * a torn write or a reused block left in a file never counts. Every append is synced before the next one, so only the last append
 * can be torn, and everything from the first bad record on is dropped. Pure.
 */
import { crc32 } from 'node:zlib';
import type { Bytes } from '../../model/units.ts';
import { DIGEST } from '../proof/cell-hashes.ts';
import type { Pass } from './journal.ts';

/** 1: hashes of whole blocks. 2: hashes over those of their cells (proof/cell-hashes.ts). Other versions are refused, and begun anew. */
export const VERSION = 2;
/** Blocks whose state one `blocks` record tells, and digests that one `done` record holds at most. */
export const GROUP = 4096;

const MAGIC = Buffer.from('kubeferry disk journal\n', 'latin1');
/** Length, type and checksum. */
const FRAME = 9;
const HEADER_PAYLOAD = MAGIC.length + 4 + 8 + 4 + 32 + 4 + 4;
/** Longest id of a pass, in bytes of UTF-8. */
const MAX_ID = 4096;
/** The largest payload is that of a full `blocks` record. */
const MAX_PAYLOAD = 4 + 4 + 3 * (GROUP / 8) + GROUP * DIGEST;

/** The first record. */
export interface Header {
  readonly type: 'header';
  readonly version: number;
  readonly size: Bytes;
  readonly blockSize: Bytes;
  /** SHA-256 of what the source is known by. */
  readonly identity: Uint8Array;
  /** Passes that were ended before this journal was last compacted. */
  readonly passes: number;
  /** So many of the records behind it were written together with it, wholly or not at all. */
  readonly together: number;
}

/** What a compacted journal says of blocks [from, to), at most GROUP of them. Sets are as in Bits. */
export interface BlocksRecord {
  readonly type: 'blocks';
  readonly from: number;
  readonly to: number;
  readonly done: Uint8Array;
  readonly dirty: Uint8Array;
  readonly data: Uint8Array;
  /** Of the blocks in `data`, in order. */
  readonly digests: Uint8Array;
}

export type JournalRecord =
  | Header
  | BlocksRecord
  | { readonly type: 'begun'; readonly pass: Pass }
  | { readonly type: 'ended' }
  | { readonly type: 'blanked' }
  | { readonly type: 'closed' }
  | { readonly type: 'opened' }
  | { readonly type: 'intended' | 'zeros'; readonly from: number; readonly to: number }
  /** `digests` are those of the blocks from `from` on, GROUP at most. */
  | { readonly type: 'done'; readonly from: number; readonly digests: Uint8Array }
  /** Of the blocks from `from` on, those in the set `blocks` (as in Bits): GROUP at most, `from` is a multiple of 8. */
  | { readonly type: 'proven'; readonly from: number; readonly blocks: Uint8Array };

/** Their places are their numbers in the file; they never change. */
const TYPES = [
  '',
  'header',
  'begun',
  'intended',
  'done',
  'zeros',
  'ended',
  'blanked',
  'blocks',
  'proven',
  'closed',
  'opened',
] as const;

/**
 * @param crc checksum of the record before, 0 for the header
 * @throws RangeError for a pass id of more than 4096 bytes
 */
export function encodeRecord(record: JournalRecord, crc: number): { readonly bytes: Buffer; readonly crc: number } {
  const payload = encodePayload(record);
  const bytes = Buffer.alloc(FRAME + payload.length);
  bytes.writeUInt32LE(payload.length, 0);
  bytes.writeUInt8(TYPES.indexOf(record.type), 4);
  bytes.set(payload, 5);
  const sum = crc32(bytes.subarray(0, -4), crc);
  bytes.writeUInt32LE(sum, bytes.length - 4);
  return { bytes, crc: sum };
}

export interface ReadRecord {
  readonly record: JournalRecord;
  /** Checksum that the next record has to go on from. */
  readonly crc: number;
  /** Bytes up to and with this record. */
  readonly end: Bytes;
}

/** Gives the records up to the first one that is cut, damaged or unknown, and returns how many bytes there were in all. */
export async function* readRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadRecord, Bytes> {
  let total = 0;
  let rest: Buffer = Buffer.alloc(0);
  let crc = 0;
  let end = 0;
  let good = true;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (!good) continue;
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const found = decodeRecord(rest, crc);
      good = found !== 'bad';
      if (found === 'bad' || found === 'cut') break;
      rest = rest.subarray(found.length);
      ({ crc } = found);
      end += found.length;
      yield { record: found.record, crc, end };
    }
  }
  return total;
}

type Decoded = { readonly record: JournalRecord; readonly crc: number; readonly length: Bytes } | 'bad' | 'cut';

function decodeRecord(bytes: Buffer, crc: number): Decoded {
  if (bytes.length < FRAME) return 'cut';
  const size = bytes.readUInt32LE(0);
  if (size > MAX_PAYLOAD) return 'bad';
  const length = FRAME + size;
  if (bytes.length < length) return 'cut';
  const sum = crc32(bytes.subarray(0, length - 4), crc);
  if (bytes.readUInt32LE(length - 4) !== sum) return 'bad';
  const record = decodePayload(TYPES[bytes.readUInt8(4)], bytes.subarray(5, length - 4));
  return record === undefined ? 'bad' : { record, crc: sum, length };
}

function encodePayload(record: JournalRecord): Uint8Array {
  switch (record.type) {
    case 'header':
      return encodeHeader(record);
    case 'begun':
      return encodePass(record.pass);
    case 'ended':
    case 'blanked':
    case 'closed':
    case 'opened':
      return new Uint8Array(0);
    case 'intended':
    case 'zeros':
      return words(record.from, record.to);
    case 'done':
      return Buffer.concat([words(record.from), record.digests]);
    case 'proven':
      return Buffer.concat([words(record.from), record.blocks]);
    case 'blocks':
      return Buffer.concat([words(record.from, record.to), record.done, record.dirty, record.data, record.digests]);
  }
}

function decodePayload(type: (typeof TYPES)[number] | undefined, payload: Buffer): JournalRecord | undefined {
  switch (type) {
    case 'header':
      return decodeHeader(payload);
    case 'begun':
      return decodePass(payload);
    case 'ended':
    case 'blanked':
    case 'closed':
    case 'opened':
      return payload.length === 0 ? { type } : undefined;
    case 'intended':
    case 'zeros':
      return payload.length === 8 ? { type, from: payload.readUInt32LE(0), to: payload.readUInt32LE(4) } : undefined;
    case 'done':
      if (payload.length < 4 || (payload.length - 4) % DIGEST !== 0) return undefined;
      return { type, from: payload.readUInt32LE(0), digests: payload.subarray(4) };
    case 'proven':
      if (payload.length < 4 || payload.length - 4 > GROUP / 8) return undefined;
      return { type, from: payload.readUInt32LE(0), blocks: payload.subarray(4) };
    case 'blocks':
      return decodeBlocks(payload);
    default:
      return undefined;
  }
}

function encodeHeader({ version, size, blockSize, identity, passes, together }: Header): Buffer {
  const payload = Buffer.alloc(HEADER_PAYLOAD);
  payload.set(MAGIC);
  let at = payload.writeUInt32LE(version, MAGIC.length);
  at = payload.writeBigUInt64LE(BigInt(size), at);
  at = payload.writeUInt32LE(blockSize, at);
  payload.set(identity, at);
  at = payload.writeUInt32LE(passes, at + 32);
  payload.writeUInt32LE(together, at);
  return payload;
}

/** Of another version, only the number is to be believed. */
function decodeHeader(payload: Buffer): Header | undefined {
  if (payload.length < HEADER_PAYLOAD || !payload.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const at = MAGIC.length;
  return {
    type: 'header',
    version: payload.readUInt32LE(at),
    size: Number(payload.readBigUInt64LE(at + 4)),
    blockSize: payload.readUInt32LE(at + 12),
    identity: payload.subarray(at + 16, at + 48),
    passes: payload.readUInt32LE(at + 48),
    together: payload.readUInt32LE(at + 52),
  };
}

function encodePass({ id, kind }: Pass): Buffer {
  const text = Buffer.from(id, 'utf8');
  if (text.length > MAX_ID) throw new RangeError(`The id of a pass has ${text.length} bytes; ${MAX_ID} are possible`);
  return Buffer.concat([Buffer.from([kind === 'delta' ? 1 : 0]), text]);
}

function decodePass(payload: Buffer): JournalRecord | undefined {
  const kind = (['full', 'delta'] as const)[payload[0] ?? 2];
  if (kind === undefined || payload.length > 1 + MAX_ID) return undefined;
  return { type: 'begun', pass: { kind, id: payload.toString('utf8', 1) } };
}

function decodeBlocks(payload: Buffer): BlocksRecord | undefined {
  if (payload.length < 8) return undefined;
  const [from, to] = [payload.readUInt32LE(0), payload.readUInt32LE(4)];
  if (to <= from || to - from > GROUP) return undefined;
  const bytes = Math.ceil((to - from) / 8);
  const [done, dirty, data] = [0, 1, 2].map((index) => payload.subarray(8 + index * bytes, 8 + (index + 1) * bytes));
  const digests = payload.subarray(8 + 3 * bytes);
  if (done === undefined || dirty === undefined || data === undefined) return undefined;
  return digests.length === ones(data) * DIGEST ? { type: 'blocks', from, to, done, dirty, data, digests } : undefined;
}

function ones(bits: Uint8Array): number {
  let count = 0;
  for (let byte of bits) for (; byte !== 0; byte &= byte - 1) count += 1;
  return count;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}
