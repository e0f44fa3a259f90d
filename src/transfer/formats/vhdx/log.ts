/**
 * The log of a VHDX ([MS-VHDX] 2.3): a ring of entries, each of which says which 4 KiB sectors of the file it changes. Finds the newest
 * sequence of whole entries that has still to be replayed. Pure.
 */
import { type Bytes, KiB } from '../../../model/units.ts';
import type { Trouble } from '../layered/trouble.ts';
import { isWhole } from './crc32c.ts';
import { guid, u64 } from './fields.ts';

const LOG_SECTOR: Bytes = 4 * KiB;
const ENTRY_HEADER = 64;
const DESCRIPTOR = 32;
/** Entries do not lie over one another but where the ring was written over: what is checked is never much more than the ring. */
const MOST_CHECKED = 8;

/** One change of the file. */
export interface LogChange {
  readonly at: Bytes;
  readonly length: Bytes;
  /** What is written; absent: zeros. */
  readonly content?: Buffer;
}

export interface LogEntry {
  /** Place in the log. */
  readonly at: Bytes;
  readonly length: Bytes;
  /** Where the oldest entry is that is not in place yet. */
  readonly tail: Bytes;
  readonly sequence: bigint;
  /** The file had at least this size, on the medium, when the entry was written. */
  readonly flushedSize: Bytes;
  /** All structures fit into a file of this size. */
  readonly lastSize: Bytes;
  readonly descriptors: number;
}

/** A log whose entries are looked at no more than once each. */
export class LogRing {
  /** The log twice, so that an entry that goes round the end is in one piece. */
  readonly #ring: Buffer;
  readonly #length: Bytes;
  readonly #guid: string;
  readonly #trouble: Trouble;
  readonly #known = new Map<Bytes, LogEntry | undefined>();
  #checked: Bytes = 0;

  /** @param log all bytes of the log: a multiple of 4 KiB @param logGuid the one that the header names */
  constructor(log: Buffer, logGuid: string, trouble: Trouble) {
    this.#ring = Buffer.concat([log, log]);
    this.#length = log.length;
    this.#guid = logGuid;
    this.#trouble = trouble;
  }

  /**
   * The entries that have to be replayed, oldest first (2.3.3).
   * @throws MigrationError `image-malformed` when there is none: a log is never begun without one
   */
  activeSequence(): readonly [LogEntry, ...LogEntry[]] {
    let active: readonly LogEntry[] = [];
    for (let tail = 0; tail < this.#length; ) {
      const run = this.#runFrom(tail);
      const head = run.at(-1);
      const first = head === undefined ? -1 : run.findIndex(({ at }) => at === head.tail);
      if (head === undefined || first < 0) {
        tail += LOG_SECTOR;
        continue;
      }
      if (head.sequence > (active.at(-1)?.sequence ?? 0n)) active = run.slice(first);
      const next = (head.at + head.length) % this.#length;
      if (next <= tail) break;
      tail = next;
    }
    const [oldest, ...rest] = active;
    if (oldest === undefined) throw this.#trouble.malformed('its log holds no whole entry');
    return [oldest, ...rest];
  }

  /** What an entry changes, in its order. */
  *changes({ at, descriptors }: LogEntry): Generator<LogChange> {
    let data = at + descriptorBytes(descriptors);
    for (let index = 0; index < descriptors; index += 1) {
      const descriptor = at + ENTRY_HEADER + index * DESCRIPTOR;
      const offset = u64(this.#ring, descriptor + 16);
      if (!this.#isData(descriptor)) {
        yield { at: offset, length: u64(this.#ring, descriptor + 8) };
        continue;
      }
      const content = Buffer.from(this.#ring.subarray(data, data + LOG_SECTOR));
      this.#ring.copy(content, 0, descriptor + 8, descriptor + 16);
      this.#ring.copy(content, LOG_SECTOR - 4, descriptor + 4, descriptor + 8);
      yield { at: offset, length: LOG_SECTOR, content };
      data += LOG_SECTOR;
    }
  }

  /** Entries from a place on that follow each other. */
  #runFrom(tail: Bytes): readonly LogEntry[] {
    const run: LogEntry[] = [];
    for (let at = tail; ; ) {
      const entry = this.#entryAt(at);
      const last = run.at(-1);
      if (entry === undefined || (last !== undefined && entry.sequence !== last.sequence + 1n)) return run;
      run.push(entry);
      at = (at + entry.length) % this.#length;
    }
  }

  #entryAt(at: Bytes): LogEntry | undefined {
    if (this.#known.has(at)) return this.#known.get(at);
    const entry = this.#parse(at);
    this.#known.set(at, entry);
    return entry;
  }

  /** Undefined for what is no whole entry of this log. */
  #parse(at: Bytes): LogEntry | undefined {
    const ring = this.#ring;
    if (ring.toString('latin1', at, at + 4) !== 'loge' || guid(ring, at + 32) !== this.#guid) return undefined;
    const length = ring.readUInt32LE(at + 8);
    const tail = ring.readUInt32LE(at + 12);
    const sequence = ring.readBigUInt64LE(at + 16);
    const descriptors = ring.readUInt32LE(at + 24);
    const isPossible =
      length > 0 &&
      length % LOG_SECTOR === 0 &&
      length <= this.#length &&
      tail % LOG_SECTOR === 0 &&
      tail < this.#length &&
      sequence > 0n &&
      descriptorBytes(descriptors) <= length;
    if (!isPossible) return undefined;
    this.#checked += length;
    if (this.#checked > MOST_CHECKED * this.#length) throw this.#trouble.malformed('entries of its log lie over one another');
    const entry = { at, length, tail, sequence, descriptors, flushedSize: u64(ring, at + 48), lastSize: u64(ring, at + 56) };
    return isWhole(ring.subarray(at, at + length), 'loge') && this.#isSound(entry) ? entry : undefined;
  }

  /** Whether descriptors and data sectors belong to the entry. */
  #isSound({ at, length, sequence, descriptors }: LogEntry): boolean {
    const ring = this.#ring;
    let data = at + descriptorBytes(descriptors);
    for (let index = 0; index < descriptors; index += 1) {
      const descriptor = at + ENTRY_HEADER + index * DESCRIPTOR;
      const isPlaced = u64(ring, descriptor + 16) % LOG_SECTOR === 0 && ring.readBigUInt64LE(descriptor + 24) === sequence;
      if (!isPlaced) return false;
      if (ring.toString('latin1', descriptor, descriptor + 4) === 'zero') {
        if (u64(ring, descriptor + 8) % LOG_SECTOR !== 0) return false;
        continue;
      }
      if (!this.#isData(descriptor) || data + LOG_SECTOR > at + length || !this.#isSectorOf(data, sequence)) return false;
      data += LOG_SECTOR;
    }
    return true;
  }

  #isData(descriptor: number): boolean {
    return this.#ring.toString('latin1', descriptor, descriptor + 4) === 'desc';
  }

  /** The sequence number is split over both ends of a data sector. */
  #isSectorOf(data: number, sequence: bigint): boolean {
    const ring = this.#ring;
    return (
      ring.toString('latin1', data, data + 4) === 'data' &&
      BigInt(ring.readUInt32LE(data + 4)) === sequence >> 32n &&
      BigInt(ring.readUInt32LE(data + LOG_SECTOR - 4)) === (sequence & 0xffff_ffffn)
    );
  }
}

/** Bytes of the sectors that hold an entry's header and descriptors. */
function descriptorBytes(descriptors: number): Bytes {
  return Math.ceil((ENTRY_HEADER + descriptors * DESCRIPTOR) / LOG_SECTOR) * LOG_SECTOR;
}
