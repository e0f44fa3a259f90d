/**
 * Disks whose raw bytes a server hands out in ranges: many requests side by side, each answer checked before a byte of it counts.
 *
 *   read ──► attempt ──► judge the head ──► the body, into the caller's buffer
 *              ▲              │
 *              └── wait, renew the session, go on at the byte where it stopped
 *
 * Here is what a range means and when it is tried again. Connections and lanes are in ../http, and know nothing of disks.
 */
import type { Clock } from '../../../contracts/clock.ts';
import type { SourceAccess } from '../../../contracts/source-access.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { Extent, RangeSource } from '../../../model/transfer.ts';
import { type Bytes, MiB } from '../../../model/units.ts';
import { canceled } from '../../cancellation.ts';
import { type OriginLease, Origins } from '../http/origins.ts';
import type { DiskReader } from '../reader.ts';
import { allocatedExtents } from './allocated.ts';
import { RangeFetcher } from './range-fetcher.ts';
import { Session } from './session.ts';

export interface RangeOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Servers with their connections and lanes, shared by all disks of the process; an own one when absent. */
  readonly origins?: Origins;
  /** From 0 to 1, for the jitter of waits. */
  readonly random?: () => number;
  /** Tries of one read that may fail without bringing it on; 8 when absent, which is about half a minute. */
  readonly attempts?: number;
}

const ATTEMPTS = 8;
const LARGEST_READ = 8 * MiB;
const PROBE = 512;

/**
 * Opens the disk after one range was asked for and found to be exact: nothing is taken from the source's own probe but what it marked.
 * @throws MigrationError `disk-unreachable`, `source-changed`, `source-refused`, `source-unreachable`, `source-untrusted`,
 * `source-login-failed`, `source-forbidden`, `source-read-failed`, `canceled`
 */
export async function openRange(source: RangeSource, access: SourceAccess, options: RangeOptions): Promise<DiskReader> {
  const url = new URL(source.url);
  if (url.protocol !== 'https:')
    throw new MigrationError('disk-unreachable', 'Ranges are read over https only.', { file: source.url });
  const origins = options.origins ?? new Origins({ clock: options.clock });
  const reader = new RangeReader(source, access, { ...options, lease: origins.use(url, access.trust(source.url)) });
  try {
    await reader.read(0, new Uint8Array(Math.min(PROBE, source.capacity)), options.signal);
    return reader;
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

class RangeReader implements DiskReader {
  readonly size: Bytes;
  readonly largestRead = LARGEST_READ;
  readonly #source: RangeSource;
  readonly #access: SourceAccess;
  readonly #lease: OriginLease;
  readonly #fetcher: RangeFetcher;
  readonly #reads = new Set<AbortController>();
  readonly #closed = new AbortController();
  /** Why everything is read. */
  #unknown: string | undefined;

  constructor(source: RangeSource, access: SourceAccess, options: RangeOptions & { readonly lease: OriginLease }) {
    const { lease, clock, random = Math.random, attempts = ATTEMPTS } = options;
    this.size = source.capacity;
    this.#source = source;
    this.#access = access;
    this.#lease = lease;
    const session = new Session(source.url, access, this.#closed.signal);
    this.#fetcher = new RangeFetcher({ source, origin: lease.origin, session, clock, random, attempts });
  }

  get transport(): string {
    const everything = this.#unknown === undefined ? '' : `; everything is read: ${this.#unknown}`;
    return `range: ${this.#source.because}${everything}`;
  }

  get lanes(): number {
    return this.#lease.origin.lanes;
  }

  async *allocated(signal: AbortSignal): AsyncGenerator<Extent, undefined> {
    const { capacity, tracking } = this.#source;
    const onUnknown = (because: string): void => {
      this.#unknown = because;
    };
    try {
      if (signal.aborted) throw canceled(signal);
      return yield* allocatedExtents({ capacity, tracking, access: this.#access, onUnknown }, signal);
    } catch (error) {
      throw signal.aborted ? canceled(signal) : error;
    }
  }

  async read(offset: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void> {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + into.length > this.size) {
      throw new RangeError(`A disk of ${this.size} bytes has no bytes ${offset} to ${offset + into.length}`);
    }
    if (signal.aborted) throw canceled(signal);
    this.#closed.signal.throwIfAborted();
    // AbortSignal.any would leave something behind in a signal that lives as long as the disk.
    const stop = new AbortController();
    const giveUp = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    this.#reads.add(stop);
    try {
      await this.#fetcher.fetch(offset, into, stop.signal);
    } catch (error) {
      throw signal.aborted ? canceled(signal) : error;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#reads.delete(stop);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = new Error('The disk reader was disposed of');
    this.#closed.abort(over);
    for (const read of this.#reads) read.abort(over);
    this.#lease[Symbol.dispose]();
  }
}
