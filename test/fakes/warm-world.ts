/**
 * A source, a destination and a copier that only count: for weeks of schedule in virtual time. It proves order, instants and what becomes of both
 * ends; that bytes are right is proven elsewhere, against disks.
 */
import type { VmWishes, Wishes } from '../../src/contracts/wishes.ts';
import { type MigrateContext, migrateAll } from '../../src/migrate.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmPlan, VmProgress } from '../../src/model/plan.ts';
import type { Report } from '../../src/model/report.ts';
import { GiB, MiB } from '../../src/model/units.ts';
import { itineraryOf } from '../../src/plan/itineraries.ts';
import { createQueue } from '../../src/transfer/queue.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { fakePlan, fakeReport, fakeVm } from './vm.ts';

export interface GuestOptions {
  /** Bytes a second that change. */
  readonly changes?: number;
  readonly group?: string;
  readonly commit?: boolean;
  /** What becomes of it when it is at the target for good; `refused`: the source cannot do it. */
  readonly retire?: 'done' | 'refused';
  /** Work that fails once; Snapshot: the first one after the full copy. */
  readonly failsOnce?: readonly ('CopyFinalDelta' | 'CreateVm' | 'Snapshot')[];
  /** What was copied to is gone when it is looked at for the first time before a cutover. */
  readonly losesTarget?: true;
}

/** Bytes a second that are copied, and seconds that shutdown, conversion and boot are predicted to take. */
export const COPY_RATE = 100 * MiB;
const FIXED = { low: 30, likely: 60, high: 120 };
const DATA = 50 * GiB;

interface Guest {
  readonly options: GuestOptions;
  on: boolean;
  /** At the target. */
  runs: boolean;
  /** What still fails. */
  readonly fails: Set<string>;
  readonly held: Map<string, number>;
  /** Instant that the target holds, in milliseconds. */
  at: number | undefined;
}

export interface Happening {
  readonly at: string;
  readonly vm: string;
  readonly what: string;
}

export class WarmWorld {
  readonly #clock: VirtualClock;
  readonly #guests = new Map<string, Guest>();
  readonly #stored = new Map<string, VmProgress>();
  readonly #turns = new Set<() => void>();
  readonly happened: Happening[] = [];
  readonly wishes = new Map<string, VmWishes>();

  constructor(clock: VirtualClock, guests: Readonly<Record<string, GuestOptions>>) {
    this.#clock = clock;
    for (const [name, options] of Object.entries(guests)) {
      const fails = new Set<string>([...(options.failsOnce ?? []), ...(options.losesTarget ? ['target'] : [])]);
      this.#guests.set(name, { options, on: true, runs: false, fails, held: new Map(), at: undefined });
    }
  }

  /** Wishes become others, and everybody is told. */
  wish(name: string, wishes: Partial<VmWishes>): void {
    this.wishes.set(name, { ...this.#wishesOf(name), ...wishes });
    this.#tell();
  }

  progress(name: string): VmProgress | undefined {
    return this.#stored.get(name);
  }

  guest(name: string): Guest {
    const guest = this.#guests.get(name);
    if (guest === undefined) throw new Error(`no guest ${name}`);
    return guest;
  }

  /** One process that migrates all guests until it ends or `signal` aborts. */
  async run(signal: AbortSignal, more: Partial<MigrateContext> = {}): Promise<Report> {
    const plans = [...this.#guests].map(([name, { options }]) => planOf(name, options));
    return await migrateAll(fakeReport(plans), { ...this.#context(signal), ...more });
  }

  #context(signal: AbortSignal): MigrateContext {
    const clock = this.#clock;
    return {
      ...{ clock, signal, leave: signal, resume: true, verify: true, powerOnAfterFailure: true },
      transfers: createQueue({}),
      vms: createQueue({ perPlan: 2 }),
      wishes: this.#wishes(),
      connection: this.#connection(),
      copier: {
        preflight: async () => ({ needed: 0 }),
        copy: async (job, { signal: stop }) => {
          const guest = this.guest(job.vm);
          const isFinal = job.staysOpen !== true;
          if (isFinal) this.#mayFail(job.vm, 'CopyFinalDelta');
          const frozen = isFinal ? clock.now() : Number(job.source.kind === 'range' ? job.source.mark : Number.NaN);
          const since = job.delta?.since === undefined ? undefined : Number(job.delta.since);
          const moved = since === undefined ? DATA : Math.min(DATA, ((frozen - since) / 1000) * (guest.options.changes ?? MiB));
          await clock.sleep((moved / COPY_RATE) * 1000, stop);
          guest.at = frozen;
          return { job: job.id, size: DATA, moved, allocated: DATA, seconds: moved / COPY_RATE, transport: 'counted' };
        },
      },
      destination: {
        check: async () => undefined,
        claim: async () => undefined,
        diskTarget: () => ({ kind: 'raw-file', path: '/nowhere' }),
        makeReady: async ({ vm }) => {
          if (this.guest(vm.name).fails.delete('target')) throw new MigrationError('target-changed', 'The target is gone.');
        },
        createVm: async ({ vm }) => {
          this.#mayFail(vm.name, 'CreateVm');
          if (this.guest(vm.name).on) throw new Error('both run');
          this.guest(vm.name).runs = true;
          this.#note(vm.name, 'created');
        },
        discardVm: async ({ vm }) => {
          const was = this.guest(vm.name).runs;
          this.guest(vm.name).runs = false;
          if (was) this.#note(vm.name, 'stopped');
          return was ? 'stopped' : 'never-there';
        },
        publish: async () => undefined,
      },
      store: {
        load: async (name) => this.#stored.get(name),
        save: async (progress) => {
          const before = this.#stored.get(progress.targetName)?.phase;
          this.#stored.set(progress.targetName, structuredClone(progress));
          if (before !== progress.phase) this.#tell();
        },
      },
      observer: {
        phase: () => undefined,
        transferStarts: () => undefined,
        transferMoves: () => undefined,
        transferEnds: () => undefined,
      },
    };
  }

  #connection(): MigrateContext['connection'] {
    const clock = this.#clock;
    return {
      name: 'counted',
      async *vms() {},
      surroundings: async () => ({ networks: [], storages: [], hosts: [] }),
      openDisk: async (_vm, _disk, _signal, snapshot) => ({
        ...{ kind: 'range', url: 'https://nowhere', capacity: DATA, because: 'counted' },
        mark: String(snapshot === undefined ? clock.now() : snapshot.split(' ')[1]),
      }),
      power: {
        state: async ({ name }) => (this.guest(name).on ? 'on' : 'off'),
        powerOff: async ({ name }, signal) => {
          await clock.sleep(20_000, signal);
          this.guest(name).on = false;
          this.#note(name, 'off');
          return 'guest-shutdown';
        },
        powerOn: async ({ name }) => {
          if (this.guest(name).runs) throw new Error('both run');
          this.guest(name).on = true;
          this.#note(name, 'on again');
        },
      },
      retirement: {
        retire: async ({ name }, { rename }) => {
          if (this.guest(name).options.retire === 'refused') throw new MigrationError('source-forbidden', 'May not rename.');
          this.#note(name, `renamed ${name}${rename}`);
        },
      },
      snapshots: {
        create: async (vm, { name }, signal) => {
          if (this.guest(vm.name).at !== undefined) this.#mayFail(vm.name, 'Snapshot');
          await clock.sleep(2000, signal);
          const at = clock.now();
          this.guest(vm.name).held.set(name, at);
          const snapshot = { id: `s ${at}`, name, consistency: 'crash' } as const;
          return { ...snapshot, checkpoints: { 'scsi0:0': String(at) } };
        },
        find: async (vm, name) => {
          const at = this.guest(vm.name).held.get(name);
          if (at === undefined) return undefined;
          return { id: `s ${at}`, name, consistency: 'crash', checkpoints: { 'scsi0:0': String(at) } };
        },
        remove: async (vm, id) => {
          const { held } = this.guest(vm.name);
          for (const [name, at] of held) if (id === `s ${at}`) held.delete(name);
        },
      },
      changes: {
        enable: async () => ({ tracked: ['scsi0:0'], untracked: [] }),
        async *changed() {},
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  #mayFail(name: string, what: string): void {
    if (this.guest(name).fails.delete(what)) throw new MigrationError('snapshot-failed', `${what} fails once.`);
  }

  #wishesOf(name: string): VmWishes {
    return this.wishes.get(name) ?? { schedule: { cutover: { kind: 'manual' }, blackouts: [] } };
  }

  #wishes(): Wishes {
    return {
      of: ({ vm, group }) => {
        const others = [...this.#guests].filter(([name, { options }]) => name !== vm.name && options.group === group);
        const companions = others.map(([name]) => {
          const phase = this.#stored.get(name)?.phase;
          return { name, type: 'warm' as const, ...(phase !== undefined && { phase }) };
        });
        return { ...this.#wishesOf(vm.name), ...(group !== undefined && { companions }) };
      },
      changed: async (_plan, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        this.#turns.add(resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
        await promise.finally(() => this.#turns.delete(resolve));
      },
    };
  }

  #tell(): void {
    for (const turn of [...this.#turns]) turn();
  }

  #note(vm: string, what: string): void {
    this.happened.push({ at: new Date(this.#clock.now()).toISOString(), vm, what });
  }
}

function planOf(name: string, { group, commit = false, retire }: GuestOptions): VmPlan {
  const vm = fakeVm({ name, disks: [{ key: 'scsi0:0', label: 'Hard disk 1', capacity: DATA, format: { container: 'raw' } }] });
  return {
    ...fakePlan(vm),
    type: 'warm',
    itinerary: itineraryOf('warm', { group: group !== undefined, commit, retire: retire !== undefined }),
    ...(retire && { afterCommit: { rename: '-migrated' } }),
    warm: { fixed: FIXED, goal: 60 },
    ...(group !== undefined && { group }),
  };
}
