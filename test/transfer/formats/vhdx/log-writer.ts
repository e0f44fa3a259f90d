/** Leaves a VHDX as a power cut leaves it: entries in its log ([MS-VHDX] 2.3), and in their place what they were to change. */
import { open, stat } from 'node:fs/promises';
import { guidBytes, LOG_LENGTH, sign, writeAt, writeHeader } from './vhdx-writer.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const SECTOR = 4 * KiB;

const LOG_GUID = 'abcdefab-1234-5678-9abc-def012345678';

export interface PlannedEntry {
  /** Place in the log. */
  readonly at: number;
  readonly sequence: number;
  /** Place of the oldest entry that is not in place yet. */
  readonly tail: number;
  readonly changes: readonly PlannedChange[];
  /** @default the one that the header names */
  readonly logGuid?: string;
  /** Written only in part: its last sector is missing. */
  readonly torn?: boolean;
  /** @default the file's */
  readonly flushedSize?: number;
  /** @default the file's */
  readonly lastSize?: number;
}

export interface PlannedChange {
  readonly at: number;
  /** 4 KiB that are written; absent: `length` zeros. */
  readonly content?: Buffer;
  readonly length?: number;
}

interface Soiled {
  readonly log: number;
  readonly dataWriteGuid: string;
  readonly entries: readonly PlannedEntry[];
  /** Of the header. @default one above those of the writer */
  readonly sequence?: number;
}

/** Writes entries into the log and lets the newer header name it. */
export async function soil(path: string, { log, dataWriteGuid, entries, sequence = 20 }: Soiled): Promise<void> {
  await using file = await open(path, 'r+');
  await writeHeader(file, 64 * KiB, { sequence, dataWriteGuid, log, logGuid: LOG_GUID });
  const { size } = await stat(path);
  for (const planned of entries) {
    const bytes = entryBytes(planned, size);
    const written = planned.torn === true ? bytes.subarray(0, bytes.length - SECTOR) : bytes;
    // A ring: what does not fit goes on at its beginning.
    const first = Math.min(written.length, LOG_LENGTH - planned.at);
    await writeAt(file, log + planned.at, written.subarray(0, first));
    await writeAt(file, log, written.subarray(first));
  }
}

export function entryLength(changes: readonly PlannedChange[]): number {
  const descriptors = Math.ceil((64 + changes.length * 32) / SECTOR) * SECTOR;
  return descriptors + changes.filter(({ content }) => content !== undefined).length * SECTOR;
}

function entryBytes({ sequence, tail, changes, logGuid = LOG_GUID, ...sizes }: PlannedEntry, size: number): Buffer {
  const bytes = Buffer.alloc(entryLength(changes));
  bytes.write('loge');
  bytes.writeUInt32LE(bytes.length, 8);
  bytes.writeUInt32LE(tail, 12);
  bytes.writeBigUInt64LE(BigInt(sequence), 16);
  bytes.writeUInt32LE(changes.length, 24);
  guidBytes(logGuid).copy(bytes, 32);
  bytes.writeBigUInt64LE(BigInt(sizes.flushedSize ?? Math.floor(size / MiB) * MiB), 48);
  bytes.writeBigUInt64LE(BigInt(sizes.lastSize ?? Math.ceil(size / MiB) * MiB), 56);
  let data = Math.ceil((64 + changes.length * 32) / SECTOR) * SECTOR;
  for (const [index, { at, content, length = 0 }] of changes.entries()) {
    const place = 64 + index * 32;
    bytes.write(content === undefined ? 'zero' : 'desc', place);
    bytes.writeBigUInt64LE(BigInt(at), place + 16);
    bytes.writeBigUInt64LE(BigInt(sequence), place + 24);
    if (content === undefined) {
      bytes.writeBigUInt64LE(BigInt(length), place + 8);
      continue;
    }
    content.copy(bytes, place + 4, SECTOR - 4);
    content.copy(bytes, place + 8, 0, 8);
    content.copy(bytes, data, 0, SECTOR);
    bytes.write('data', data);
    bytes.writeUInt32LE(Math.floor(sequence / 2 ** 32), data + 4);
    bytes.writeUInt32LE(sequence % 2 ** 32, data + SECTOR - 4);
    data += SECTOR;
  }
  return sign(bytes);
}
