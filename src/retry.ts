/**
 * A connection that tries again. Providers say once what happened; this layer repeats what may be repeated, where the error says that
 * it helps, after a pause that grows. Repeated are questions, and acts that look first and do nothing the second time. What tells by its
 * answer how it went (`powerOff`) is asked once, and watching heals itself.
 */
import type { ChangeRequest, ChangeTracking } from './contracts/change-tracking.ts';
import type { Clock } from './contracts/clock.ts';
import type { Connection, PowerControl, ReadHint, SnapshotControl } from './contracts/provider.ts';
import type { SourceAccess } from './contracts/source-access.ts';
import { MigrationError } from './model/errors.ts';
import type { Extent } from './model/transfer.ts';
import type { SourceVm } from './model/vm.ts';

export interface RetryPolicy {
  /** How often in all, 1 or more. A stream that got further begins to count anew. */
  readonly tries: number;
  /** Milliseconds before the second try; each further pause is twice as long. */
  readonly firstPause: number;
  /** Milliseconds. */
  readonly longestPause: number;
}

const POLICY: RetryPolicy = { tries: 4, firstPause: 1000, longestPause: 15_000 };

export interface RetryOptions {
  readonly clock: Clock;
  readonly policy?: RetryPolicy;
  /** From 0 up to 1: spreads the pauses, so that many clients do not come back at once. */
  readonly random?: () => number;
}

/** The same connection, more patient. */
export function withRetries(connection: Connection, options: RetryOptions): Connection {
  const retry = new Retry(options);
  const { access, power, snapshots, changes, retirement } = connection;
  return {
    name: connection.name,
    vms: (signal, hint) => allVms(connection, retry, hint, signal),
    ...(connection.vm !== undefined && {
      vm: (ref, signal) => retry.call(async () => await connection.vm?.(ref, signal), signal),
    }),
    surroundings: (signal) => retry.call(() => connection.surroundings(signal), signal),
    openDisk: (vm, disk, signal, snapshot) => retry.call(() => connection.openDisk(vm, disk, signal, snapshot), signal),
    ...(access !== undefined && { access: patientAccess(access, retry) }),
    ...(power !== undefined && { power: patientPower(power, retry) }),
    ...(snapshots !== undefined && { snapshots: patientSnapshots(snapshots, retry) }),
    ...(changes !== undefined && { changes: patientChanges(changes, retry) }),
    ...(retirement !== undefined && {
      retirement: { retire: (vm, wanted, signal) => retry.call(() => retirement.retire(vm, wanted, signal), signal) },
    }),
    ...(connection.watch !== undefined && { watch: connection.watch.bind(connection) }),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

class Retry {
  readonly #clock: Clock;
  readonly #policy: RetryPolicy;
  readonly #random: () => number;

  constructor({ clock, policy = POLICY, random = Math.random }: RetryOptions) {
    this.#clock = clock;
    this.#policy = policy;
    this.#random = random;
  }

  async call<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await work();
      } catch (error) {
        await this.#pause(error, tried, signal);
      }
    }
  }

  /** A stream that begins again where it broke. @param rest what has not been delivered yet */
  async *stream<T>(rest: () => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        for await (const item of rest()) {
          yield item;
          tried = 1;
        }
        return;
      } catch (error) {
        await this.#pause(error, tried, signal);
      }
    }
  }

  /** @throws the error where another try would not help, or was the last */
  async #pause(error: unknown, tried: number, signal: AbortSignal): Promise<void> {
    const helps = error instanceof MigrationError && error.disposition === 'retry' && error.code !== 'canceled';
    if (!helps || signal.aborted || tried >= this.#policy.tries) throw error;
    const pause = Math.min(this.#policy.firstPause * 2 ** (tried - 1), this.#policy.longestPause);
    await this.#clock.sleep(pause * (0.5 + this.#random() / 2), signal);
  }
}

/** The order of the VMs is the same each time: those that were not delivered yet come after those that were. */
function allVms(connection: Connection, retry: Retry, hint: ReadHint | undefined, signal: AbortSignal): AsyncGenerator<SourceVm> {
  const delivered = new Set<string>();
  const wants: NonNullable<ReadHint['wants']> = (vm) => !delivered.has(vm.id) && hint?.wants?.(vm) !== false;
  return retry.stream(async function* () {
    for await (const vm of connection.vms(signal, delivered.size === 0 ? hint : { ...hint, wants })) {
      // A hint may be ignored.
      if (delivered.has(vm.ref.id)) continue;
      delivered.add(vm.ref.id);
      yield vm;
    }
  }, signal);
}

function patientAccess(access: SourceAccess, retry: Retry): SourceAccess {
  const { openExport, credentials, changes } = access;
  return {
    trust: (url) => access.trust(url),
    headers: (url, signal, refused) => retry.call(() => access.headers(url, signal, refused), signal),
    ...(openExport !== undefined && {
      openExport: (source, signal) => retry.call(() => openExport.call(access, source, signal), signal),
    }),
    ...(changes !== undefined && { changes: patientChanges(changes, retry) }),
    ...(credentials !== undefined && { credentials: credentials.bind(access) }),
  };
}

function patientPower(power: PowerControl, retry: Retry): PowerControl {
  return {
    state: (vm, signal) => retry.call(() => power.state(vm, signal), signal),
    powerOff: (vm, signal, options) => power.powerOff(vm, signal, options),
    powerOn: (vm, signal) => retry.call(() => power.powerOn(vm, signal), signal),
  };
}

function patientSnapshots(snapshots: SnapshotControl, retry: Retry): SnapshotControl {
  const { settle } = snapshots;
  return {
    create: (vm, request, signal) => retry.call(() => snapshots.create(vm, request, signal), signal),
    find: (vm, name, signal) => retry.call(() => snapshots.find(vm, name, signal), signal),
    remove: (vm, id, signal) => retry.call(() => snapshots.remove(vm, id, signal), signal),
    ...(settle !== undefined && {
      settle: (vm, request, signal) => retry.call(() => settle.call(snapshots, vm, request, signal), signal),
    }),
  };
}

function patientChanges(changes: ChangeTracking, retry: Retry): ChangeTracking {
  const { forget } = changes;
  return {
    enable: (vm, signal) => retry.call(() => changes.enable(vm, signal), signal),
    changed: (request, signal) => changedExtents(changes, retry, request, signal),
    ...(forget !== undefined && {
      forget: (vm, checkpoints, signal) => retry.call(() => forget.call(changes, vm, checkpoints, signal), signal),
    }),
  };
}

/** Extents ascend, so that the rest is what lies behind the last one. */
function changedExtents(
  changes: ChangeTracking,
  retry: Retry,
  request: ChangeRequest,
  signal: AbortSignal,
): AsyncGenerator<Extent> {
  let told = 0;
  return retry.stream(async function* () {
    for await (const { offset, length } of changes.changed(request, signal)) {
      const end = offset + length;
      if (end <= told) continue;
      // The same run may be cut elsewhere the second time.
      const start = Math.max(offset, told);
      told = end;
      yield { offset: start, length: end - start };
    }
  }, signal);
}
