/**
 * Brings records into a store, one append after the other. Records that are handed in while an append runs go together into the next
 * one, so that many writers share one wait for the disk. The log is compacted when it has grown to twice what it has to say.
 */
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, KiB } from '../../model/units.ts';
import type { JournalStore } from './journal.ts';
import { encodeRecord, type JournalRecord } from './records.ts';
import type { JournalState } from './state.ts';

/** A log up to this much larger is not worth compacting. */
const SLACK: Bytes = 4 * KiB;

export interface LogOptions {
  readonly store: JournalStore;
  /** What the log has said so far. It follows what is appended, and nothing else changes it. */
  readonly state: JournalState;
  /** SHA-256 of what the source is known by. */
  readonly identity: Uint8Array;
}

interface Waiting {
  readonly build: () => readonly JournalRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class JournalLog {
  readonly #options: LogOptions;
  #crc = 0;
  /** Bytes in the store. */
  #size: Bytes = 0;
  /** Its size when it was last compacted. */
  #compacted: Bytes = 0;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** Goes on behind what the store holds: so many bytes with this checksum at their end. */
  continue(size: Bytes, crc: number): void {
    this.#size = size;
    this.#crc = crc;
  }

  /**
   * Durable, and in the state, when it resolves. `build` is called when its turn has come, behind everything that was handed in before.
   * @throws what the store throws; then nothing of it counts
   */
  append(build: () => readonly JournalRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ build, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is waiting. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Puts what the state says in place of the whole log. Not while an append runs. */
  async compact(): Promise<void> {
    const { store, state, identity } = this.#options;
    let crc = 0;
    let size = 0;
    function* encoded(): Generator<Buffer, void> {
      for (const record of state.snapshot(identity)) {
        const next = encodeRecord(record, crc);
        crc = next.crc;
        size += next.bytes.length;
        yield next.bytes;
      }
    }
    await store.replace(encoded());
    this.#crc = crc;
    this.#size = size;
    this.#compacted = size;
  }

  async #run(): Promise<void> {
    // Whoever is called in the same turn goes into the first append already.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.flatMap(({ build }) => build()));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  async #write(records: readonly JournalRecord[]): Promise<void> {
    if (records.length === 0) return;
    let next = encodeAll(records, this.#crc);
    if (this.#size + next.bytes.length > this.#limit && (await this.#tryCompact())) next = encodeAll(records, this.#crc);
    const { store, state } = this.#options;
    await store.append(next.bytes);
    this.#crc = next.crc;
    this.#size += next.bytes.length;
    for (const record of records)
      if (!state.apply(record)) throw new Error(`A record (${record.type}) that cannot be was appended`);
  }

  get #limit(): Bytes {
    return 2 * Math.max(this.#compacted, this.#options.state.liveBytes) + SLACK;
  }

  /** Where there is no room for a second log, the first one goes on: it says the same. */
  async #tryCompact(): Promise<boolean> {
    try {
      await this.compact();
      return true;
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      this.#compacted = this.#size;
      return false;
    }
  }
}

function encodeAll(records: readonly JournalRecord[], from: number): { readonly bytes: Buffer; readonly crc: number } {
  const parts: Buffer[] = [];
  let crc = from;
  for (const record of records) {
    const next = encodeRecord(record, crc);
    crc = next.crc;
    parts.push(next.bytes);
  }
  return { bytes: Buffer.concat(parts), crc };
}
