/**
 * Exports by HttpNfcLease. A lease locks what it exports and ends by itself unless it hears of us, so it is kept alive for as long as one of
 * its disks is being read, and it is ended in every outcome: completed when all disks were read, aborted otherwise.
 */
import type { Trust } from '../../src/contracts/credentials.ts';
import type { DiskExport } from '../../src/contracts/source-access.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { LeaseSource } from '../../src/model/transfer.ts';
import { abort, complete, grant, isOver, refusal, whenReady } from './lease.ts';
import { deviceUrl } from './lease-urls.ts';
import { properties } from './properties.ts';
import type { Session } from './session.ts';
import { type MoRef, members, type VimNode } from './vim/node.ts';

/** Real servers wait 300 seconds. */
const DEFAULT_TIMEOUT_SECONDS = 300;
const RAREST_NEWS_MS = 60_000;

export interface ExportParts {
  readonly session: Session;
  /** `https://host:port` that we are connected to. */
  readonly origin: string;
  readonly trustOf: (url: string) => Trust;
}

export class Exports implements AsyncDisposable {
  readonly #parts: ExportParts;
  readonly #open = new Map<string, SharedLease>();
  /** Leases whose end is under way: until then the server grants no other. */
  readonly #ending = new Map<string, Promise<void>>();

  constructor(parts: ExportParts) {
    this.#parts = parts;
  }

  /** @throws MigrationError `disk-unreachable`, `source-busy`, `source-forbidden` */
  async open(source: LeaseSource, signal: AbortSignal): Promise<DiskExport> {
    signal.throwIfAborted();
    const { type, id } = source.of;
    const key = `${type} ${id}`;
    await this.#ending.get(key);
    let lease = this.#open.get(key);
    if (lease === undefined) {
      lease = new SharedLease(this.#parts, source.of, (end) => {
        this.#open.delete(key);
        const ended = end.catch(() => undefined).finally(() => this.#ending.delete(key));
        this.#ending.set(key, ended);
      });
      this.#open.set(key, lease);
    }
    return await lease.join(source.deviceKey, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((lease) => lease.giveUp()));
    await Promise.all(this.#ending.values());
  }
}

interface Granted {
  readonly urls: readonly VimNode[];
  readonly devices: readonly VimNode[];
}

/** One disk that takes part. */
interface Member {
  part: number;
  ended: boolean;
}

/** A lease with the disks that are read from it. */
class SharedLease {
  readonly #parts: ExportParts;
  readonly #of: LeaseSource['of'];
  readonly #whenEmpty: (end: Promise<void>) => void;
  readonly #members: Member[] = [];
  readonly #stopped = new AbortController();
  readonly #granted: Promise<Granted>;
  #lease: MoRef | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  /** Why the server has ended it before us. */
  #lost: unknown;

  constructor(parts: ExportParts, of: LeaseSource['of'], whenEmpty: (end: Promise<void>) => void) {
    this.#parts = parts;
    this.#of = of;
    this.#whenEmpty = whenEmpty;
    this.#granted = this.#take();
    // Every member hears of a failure; with none left it is nobody's.
    this.#granted.catch(() => undefined);
  }

  async join(deviceKey: number, signal: AbortSignal): Promise<DiskExport> {
    const member: Member = { part: 0, ended: false };
    this.#members.push(member);
    try {
      const granted = await unlessAborted(this.#granted, signal);
      const found = deviceUrl(granted.urls, granted.devices, deviceKey);
      if (found === undefined) throw this.#noSuchDisk(granted, deviceKey);
      const url = withHost(found.url, this.#parts.origin);
      const home = new URL(url).origin === this.#parts.origin;
      return {
        url,
        trust: home || found.thumbprint === undefined ? this.#parts.trustOf(url) : { thumbprint: found.thumbprint },
        progress: (part) => {
          member.part = Math.min(1, Math.max(0, part));
        },
        complete: async () => await this.#leave(member, true),
        [Symbol.asyncDispose]: async () => await this.#leave(member, false).catch(() => undefined),
      };
    } catch (error) {
      await this.#leave(member, false).catch(() => undefined);
      throw error;
    }
  }

  /** All that are left count as failed. */
  async giveUp(): Promise<void> {
    await Promise.all(this.#members.map((member) => this.#leave(member, false).catch(() => undefined)));
  }

  async #leave(member: Member, complete: boolean): Promise<void> {
    if (member.ended) return;
    member.ended = true;
    if (complete) member.part = 1;
    if (!complete || this.#lost !== undefined) this.#failed = true;
    if (this.#members.every(({ ended }) => ended)) {
      const end = this.#end();
      this.#whenEmpty(end);
      await end;
    }
    if (complete && this.#lost !== undefined) throw this.#endedEarly(this.#lost);
  }

  async #take(): Promise<Granted> {
    const { session } = this.#parts;
    try {
      this.#lease = await grant(session, this.#of);
      const { signal } = this.#stopped;
      const info = await whenReady(session, this.#lease, signal);
      this.#keepAlive(info.number('leaseTimeout') ?? DEFAULT_TIMEOUT_SECONDS);
      const found = await properties(session, this.#of, ['config.hardware.device'], signal);
      return { urls: info.list('deviceUrl'), devices: members(found?.node('config.hardware.device')) };
    } catch (error) {
      throw refusal(error, this.#of);
    }
  }

  #keepAlive(timeoutSeconds: number): void {
    if (this.#stopped.signal.aborted) return;
    const pause = Math.min(RAREST_NEWS_MS, (timeoutSeconds * 1000) / 3);
    let telling = false;
    this.#timer = setInterval(() => {
      if (telling || this.#lease === undefined) return;
      telling = true;
      void this.#tell(this.#lease, pause).finally(() => {
        telling = false;
      });
    }, pause).unref();
  }

  async #tell(lease: MoRef, patience: number): Promise<void> {
    const mean = this.#members.reduce((sum, { part }) => sum + part, 0) / this.#members.length;
    const { signal } = this.#stopped;
    try {
      await this.#parts.session.call('HttpNfcLeaseProgress', lease, { percent: Math.floor(mean * 100) }, { signal, patience });
    } catch (error) {
      // Bad weather passes, and there is time for another try. Of a lease that is over nothing more will come.
      if (signal.aborted || !isOver(error)) return;
      this.#lost = error;
      clearInterval(this.#timer);
    }
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    await this.#granted.catch(() => undefined);
    if (this.#lease === undefined || this.#lost !== undefined) return;
    const { session } = this.#parts;
    if (this.#failed) await abort(session, this.#lease);
    else {
      await complete(session, this.#lease).catch((error: unknown) => {
        throw isOver(error) ? this.#endedEarly(error) : error;
      });
    }
  }

  /** What was locked may have changed since: what was read is not to be trusted. */
  #endedEarly(cause: unknown): MigrationError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new MigrationError('source-read-failed', `The server ended the export of ${this.#of.id} while it was read: ${why}`, {
      hint: 'Run again with --resume; look for an administrator or a limit that ends sessions.',
      cause,
    });
  }

  #noSuchDisk({ urls }: Granted, deviceKey: number): MigrationError {
    const names = urls.map((url) => url.string('key') ?? '?').join(', ');
    return new MigrationError(
      'disk-unreachable',
      `The export of ${this.#of.id} does not tell which file is the disk with key ${deviceKey}; it has ${names === '' ? 'none' : names}`,
    );
  }
}

/** A standalone host says `*` and means the name by which it was called. */
function withHost(url: string, origin: string): string {
  return url.replace(/^https?:\/\/\*(:\d+)?(?=\/)/, origin);
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
