/**
 * Disks that VMware's VDDK reads, or a library with the same functions: nbdkit's vddk plugin loads the user's library in a process of its
 * own and serves the disk on a unix socket, our NBD client reads it from there. Nothing of VDDK is linked, shipped or needed to build.
 * What goes wrong in there is explained in diagnose.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceAccess } from '../../../contracts/source-access.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { Extent, VddkSource } from '../../../model/transfer.ts';
import { type Bytes, formatBytes, MiB, roundUp } from '../../../model/units.ts';
import { canceled, checkCanceled } from '../../cancellation.ts';
import { Gate } from '../../engine/gate.ts';
import { SECTOR } from '../../formats/vmdk/descriptor.ts';
import type { NbdConnection } from '../../nbd/connection.ts';
import { dataExtents } from '../../nbd/data-extents.ts';
import type { Workspace } from '../../workspace.ts';
import type { DiskReader } from '../reader.ts';
import type { VddkSetup } from './library.ts';
import { startVddk, type VddkServer } from './nbdkit.ts';

/** Each is a login and a session on the ESXi host, which has room for about 50; two hide the turn-round of one. */
const CONNECTIONS = 2;
const LANES_EACH = 4;
/** One buffer of the library. */
const LARGEST_READ: Bytes = MiB;
/** Pauses before a read is tried again on a new connection, in milliseconds. */
const PAUSES = [200, 500, 1000, 2000, 5000, 10_000];

export interface OpenVddkOptions extends VddkSetup {
  readonly workspace: Workspace;
  /** Unique in the workspace. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** See PAUSES. */
  readonly pauses?: readonly number[];
}

/**
 * Logs in and opens the disk.
 * @throws MigrationError `tool-missing`, `source-untrusted`, `source-login-failed`, `source-forbidden`, `source-unreachable`, `source-busy`,
 *   `source-changed`, `disk-unreachable`, `config-invalid`, `canceled`
 */
export async function openVddk(source: VddkSource, access: SourceAccess, options: OpenVddkOptions): Promise<DiskReader> {
  checkCanceled(options.signal);
  if (access.credentials === undefined) throw new MigrationError('disk-unreachable', 'This source lends nobody its password.');
  const server = await startVddk(source, { ...options, credentials: await access.credentials() });
  try {
    const first = await server.connect();
    if (first.size !== roundUp(source.capacity, SECTOR)) throw otherSize(first.size, source.capacity);
    return new VddkReader(source, { server, first, pauses: options.pauses ?? PAUSES });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

interface Parts {
  readonly server: VddkServer;
  readonly first: NbdConnection;
  readonly pauses: readonly number[];
}

class VddkReader implements DiskReader {
  readonly size: Bytes;
  readonly transport: string;
  readonly largestRead = LARGEST_READ;
  readonly #sessions: Sessions;
  readonly #gate = new Gate(() => this.lanes);
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  constructor(source: VddkSource, parts: Parts) {
    this.size = source.capacity;
    this.transport = `vddk: ${source.because}`;
    this.#sessions = new Sessions(parts);
  }

  get lanes(): number {
    return this.#sessions.most * LANES_EACH;
  }

  async *allocated(signal: AbortSignal): AsyncGenerator<Extent> {
    const allocation: NbdConnection['allocation'] = (offset, length) =>
      this.#sessions.use((connection) => connection.allocation(offset, length), signal);
    for await (const { offset, length } of dataExtents({ allocation }, roundUp(this.size, SECTOR), signal)) {
      yield { offset, length: Math.min(length, this.size - offset) };
    }
  }

  async read(offset: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void> {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + into.length > this.size)
      throw new RangeError(`The disk has no bytes at ${offset}`);
    for (let at = 0; at < into.length; at += LARGEST_READ) {
      await this.#readPiece(offset + at, into.subarray(at, at + LARGEST_READ), signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions[Symbol.asyncDispose]();
  }

  /** Through a buffer of our own: the library reads whole sectors, and an answer may still come after the caller has gone. */
  async #readPiece(offset: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void> {
    checkCanceled(signal);
    const place = await this.#gate.enter(signal);
    const start = offset - (offset % SECTOR);
    const buffer = this.#free.pop() ?? new Uint8Array(LARGEST_READ + 2 * SECTOR);
    const sectors = buffer.subarray(0, roundUp(offset + into.length, SECTOR) - start);
    const read = this.#sessions.use((connection) => connection.read(start, sectors), signal);
    const given = read
      .catch(() => undefined)
      .finally(() => {
        this.#free.push(buffer);
        place[Symbol.dispose]();
      });
    await unlessCanceled(read, signal);
    into.set(sectors.subarray(offset - start, offset - start + into.length));
    void given;
  }
}

/** Connections to the server: made when they are needed, and anew when one has failed. */
class Sessions implements AsyncDisposable {
  readonly #server: VddkServer;
  readonly #pauses: readonly number[];
  readonly #open: (Promise<NbdConnection> | undefined)[];
  readonly #closed = new AbortController();
  /** Falls when the source grants fewer. */
  #most = CONNECTIONS;
  #turn = 0;

  constructor({ server, first, pauses }: Parts) {
    this.#server = server;
    this.#pauses = pauses;
    this.#open = [Promise.resolve(first)];
  }

  get most(): number {
    return this.#most;
  }

  /** Runs `work` on a connection; what failed is tried again on another one. */
  async use<T>(work: (connection: NbdConnection) => Promise<T>, signal: AbortSignal): Promise<T> {
    const stop = AbortSignal.any([signal, this.#closed.signal]);
    for (let attempt = 0; ; attempt += 1) {
      if (this.#closed.signal.aborted) throw new MigrationError('source-read-failed', 'The reader of the disk was closed.');
      checkCanceled(signal);
      this.#turn = (this.#turn + 1) % this.#most;
      const slot = this.#turn;
      const connecting = this.#connection(slot);
      try {
        return await work(await connecting);
      } catch (error) {
        if (this.#open[slot] === connecting) this.#giveUp(slot, connecting);
        const pause = this.#pauses[attempt];
        if (!(error instanceof MigrationError) || error.disposition === 'stalled' || pause === undefined) throw error;
        await sleep(pause, undefined, { signal: stop }).catch(() => undefined);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    const open = this.#open.splice(0);
    for (const connecting of open) if (connecting !== undefined) await close(connecting);
    await this.#server[Symbol.asyncDispose]();
  }

  #connection(slot: number): Promise<NbdConnection> {
    const known = this.#open[slot];
    if (known !== undefined) return known;
    const fresh = this.#server.connect();
    this.#open[slot] = fresh;
    fresh.catch(() => {
      if (this.#most > 1) this.#most -= 1;
    });
    return fresh;
  }

  /** Other reads may still be on it: each finds out by itself. */
  #giveUp(slot: number, failed: Promise<NbdConnection>): void {
    this.#open[slot] = undefined;
    void close(failed);
  }
}

async function close(connecting: Promise<NbdConnection>): Promise<void> {
  const connection = await connecting.catch(() => undefined);
  await connection?.[Symbol.asyncDispose]();
}

async function unlessCanceled<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(canceled(signal));
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function otherSize(found: Bytes, told: Bytes): MigrationError {
  return new MigrationError('source-changed', `The disk has ${formatBytes(found)} now instead of ${formatBytes(told)}.`, {
    at: `${found} and ${told} bytes`,
  });
}
