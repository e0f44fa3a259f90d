/**
 * Exports by HttpNfcLease. A lease locks what it exports and ends by itself unless it hears of us, so it is kept alive for as long as one of
 * its disks is being read, and it is ended in every outcome: completed when all disks were read, aborted otherwise.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Trust } from '../../src/contracts/credentials.ts';
import type { DiskExport } from '../../src/contracts/source-access.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { LeaseSource } from '../../src/model/transfer.ts';
import { deviceUrl } from './lease-urls.ts';
import { properties } from './properties.ts';
import type { Session } from './session.ts';
import { isFault, taskFault, VimFault } from './vim/fault.ts';
import { type MoRef, members, type VimNode } from './vim/node.ts';

/** Answers come at once; what takes its time is that the lease gets ready. */
const PATIENCE_MS = 30_000;
const FIRST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 1000;
/** Real servers wait 300 seconds. */
const DEFAULT_TIMEOUT_SECONDS = 300;
const RAREST_NEWS_MS = 60_000;
const COMPLETE_TRIES = 3;

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
  readonly lease: MoRef;
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
    const owner: MoRef = this.#of;
    try {
      // Not to be given up half-way: a lease that nobody knows of would lock its VM until it times out.
      const call = this.#of.type === 'VirtualMachine' ? 'ExportVm' : 'ExportSnapshot';
      const lease = (await session.call(call, owner, {}, { signal: new AbortController().signal, patience: PATIENCE_MS })).ref(
        'returnval',
      );
      if (lease === undefined) throw new MigrationError('source-answer-broken', `${call} gave no lease`);
      this.#lease = { ...lease, type: 'HttpNfcLease' };
      const info = await whenReady(session, this.#lease, this.#stopped.signal);
      this.#keepAlive(info.number('leaseTimeout') ?? DEFAULT_TIMEOUT_SECONDS);
      const found = await properties(session, owner, ['config.hardware.device'], this.#stopped.signal);
      return {
        lease: this.#lease,
        urls: info.list('deviceUrl'),
        devices: members(found?.node('config.hardware.device')),
      };
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
    if (this.#failed) await this.#call('HttpNfcLeaseAbort', this.#lease).catch(() => undefined);
    else await this.#complete(this.#lease);
  }

  async #complete(lease: MoRef): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#call('HttpNfcLeaseComplete', lease);
        return;
      } catch (error) {
        // The answer to an earlier try was lost, not the request.
        if (tries > 1 && isFault(error, 'ManagedObjectNotFound')) return;
        if (isOver(error)) throw this.#endedEarly(error);
        if (tries === COMPLETE_TRIES) throw error;
      }
    }
  }

  async #call(operation: 'HttpNfcLeaseComplete' | 'HttpNfcLeaseAbort', lease: MoRef): Promise<void> {
    await this.#parts.session.call(operation, lease, {}, { signal: AbortSignal.timeout(PATIENCE_MS) });
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

/** `HttpNfcLeaseInfo` of a lease that is ready. */
async function whenReady(session: Session, lease: MoRef, signal: AbortSignal): Promise<VimNode> {
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, SLOWEST_LOOK_MS)) {
    const found = await properties(session, lease, ['state', 'info', 'error'], signal);
    const state = found?.string('state');
    const info = found?.node('info');
    if (state === 'ready' && info !== undefined) return info;
    if (state === 'error') {
      const error = found?.node('error');
      throw error === undefined ? new MigrationError('disk-unreachable', 'The server gives no reason') : taskFault(error);
    }
    if (found === undefined || state === 'done')
      throw new MigrationError('disk-unreachable', 'The lease ended before it was ready');
    await sleep(pause, undefined, { signal });
  }
}

function isOver(error: unknown): boolean {
  return (
    isFault(error, 'Timedout', 'ManagedObjectNotFound', 'InvalidState') ||
    (error instanceof VimFault && error.disposition === 'stalled')
  );
}

/** What the server refused, in words of a person who wants the disk. */
function refusal(error: unknown, { type, id }: LeaseSource['of']): unknown {
  if (!(error instanceof MigrationError)) return error;
  if (!(error instanceof VimFault) && error.code !== 'disk-unreachable') return error;
  if (error instanceof VimFault && error.code !== 'source-refused') return error;
  const hint = isFault(error, 'InvalidPowerState')
    ? 'Power the VM off, or copy from a snapshot (warm migration).'
    : isFault(error, 'MethodNotFound', 'NotSupported')
      ? 'This server exports nothing of that kind; only disks that are handed out in ranges, or VDDK, are left.'
      : undefined;
  const what = type === 'VirtualMachine' ? 'VM' : 'snapshot';
  return new MigrationError('disk-unreachable', `The server does not export ${what} ${id}: ${error.message}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
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
