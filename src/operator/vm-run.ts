import type { JobQueue } from '../contracts/job-queue.ts';
import type { VmWishes, Wishes } from '../contracts/wishes.ts';
import { migrateVm } from '../migrate.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmPlan, VmProgress } from '../model/plan.ts';
import { rollBack } from '../plan/advance.ts';
import { downtimeOf } from '../plan/downtime.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import { bandwidthOf } from './bandwidth.ts';
import { hasEnded, isBeforeCutover, isPaused, wantsRollBack } from './intent.ts';
import { reasonOf } from './provider-controller.ts';
import { replan } from './replan.ts';
import {
  type BesideProgress,
  named,
  type PlanResource,
  type ProviderResource,
  type Services,
  VM_KIND,
  type VmRecord,
  type VmResource,
} from './services.ts';
import { type Sources, workerSource } from './sources.ts';
import { eventsOf } from './vm-events.ts';
import type { VmTurn } from './vm-turn.ts';

/** Milliseconds that the removal of claims may take. */
const CLEAR_UP_WITHIN = 60_000;

export interface VmRunOptions {
  readonly vm: VmResource;
  readonly plan: PlanResource | undefined;
  readonly provider: ProviderResource | undefined;
  /** Absent for a run that only brings its source back, or ends what is done already. */
  readonly turn: VmTurn | undefined;
  readonly sources: Sources;
  /** The operator ends: the VM stays where it is. */
  readonly leave: AbortSignal;
  /** Told of every status that the cluster took. */
  readonly written: (status: VmMigrationStatus) => void;
  /** What people wish of the VM now, as far as it matters in a phase. */
  readonly wished: (phase: string) => Wished;
}

export interface Wished {
  readonly wishes: VmWishes;
  /** Tells them from others. */
  readonly digest: string;
}

/** One VM under way, by migrateVm(). */
export class VmRun {
  readonly #services: Services;
  readonly #options: VmRunOptions;
  readonly #cancel = new AbortController();
  readonly #signal: AbortSignal;
  #phase: string;
  /** Digest of the wishes that it was looked at by last. */
  #seen: string | undefined;
  /** Lets a run that is paused go on. */
  #awake = Promise.withResolvers<void>();

  constructor(services: Services, options: VmRunOptions) {
    this.#services = services;
    this.#options = options;
    this.#signal = AbortSignal.any([this.#cancel.signal, options.leave]);
    this.#phase = options.vm.status?.phase ?? 'Pending';
  }

  get uid(): string {
    return this.#options.vm.uid;
  }

  /** Digest of the wishes that it was looked at by last; undefined where nobody asked. */
  get seen(): string | undefined {
    return this.#seen;
  }

  /** Ends it as canceled, unless the VM may run in the cluster already: then it comes to its end. */
  cancel(): void {
    // Nothing can happen between this look and the abort: a step begins after its phase was noted.
    if (isBeforeCutover(this.#phase)) this.#cancel.abort();
  }

  /** It is not paused, or no longer. */
  goOn(): void {
    this.#awake.resolve();
  }

  /**
   * Brings the VM to its end, or to where it is when the operator leaves.
   * @throws MigrationError why it could not begin, which is in its status then
   */
  async drive(): Promise<void> {
    const { vm, provider, plan, turn, leave, sources } = this.#options;
    const { clock, keptPlan, target: reach } = this.#services;
    const signal = this.#signal;
    const owner = named(VM_KIND, vm);
    const vmPlan = await keptPlan(owner, leave);
    const record = this.#record(vmPlan);
    let release: (() => void) | undefined;
    try {
      if (provider === undefined) throw new MigrationError('source-busy', `There is no Provider ${vm.status?.provider ?? ''}.`);
      const source = await sources.source(provider);
      if (source === undefined) throw new MigrationError('source-busy', `The Provider ${provider.name} is not ready.`);
      release = source.use();
      const namespace = vm.status?.targetNamespace ?? vm.namespace;
      const hooks = { planName: vm.spec.planRef.name, specs: plan?.spec.hooks ?? [], attempt: vm.spec.retry };
      const bandwidth = plan === undefined ? [] : bandwidthOf(plan, provider);
      const { perNode } = plan?.spec.limits ?? {};
      const converted = vm.status?.guest !== undefined;
      const about = { owner, namespace, plan: vmPlan, source: workerSource(provider), bandwidth, converted, hooks, leave };
      const parts = reach({ ...about, ...(perNode !== undefined && { perNode }) });
      const { destination } = parts;
      const shutdown = plan?.spec.shutdown;
      const progress = await migrateVm(vmPlan, {
        ...{ connection: source.connection, ...parts, clock, signal, store: record, observer: record },
        transfers: turn?.transfers((disk, because) => record.transferWaits?.({ disk }, because)) ?? AT_WILL,
        verify: plan?.spec.verify ?? true,
        recheckSource: plan?.spec.recheckSource ?? false,
        proveAll: plan?.spec.proveAll ?? false,
        powerOnAfterFailure: shutdown?.afterFailure === 'ask' ? 'ask' : shutdown?.afterFailure !== 'leave-off',
        ...(shutdown && { shutdown }),
        wishes: this.#wishes(),
        replan: async (before, signal) => {
          const now = this.#services.plans.get(`${vm.namespace}/${vm.spec.planRef.name}`);
          const next = await replan(before, { plan: now, source, services: this.#services, signal });
          await this.#services.keepPlan(owner, next, signal);
          parts.replanned(next);
          record.replanned(next);
          return next;
        },
        resume: true,
        leave,
      });
      if (progress.phase === 'Canceled')
        await destination.discard(AbortSignal.any([leave, AbortSignal.timeout(CLEAR_UP_WITHIN)]));
    } catch (error) {
      if (!leave.aborted && error instanceof MigrationError)
        await record.wait(reasonOf(error.code), `${error.message} ${error.hint}`.trim());
      throw error;
    } finally {
      release?.();
    }
  }

  #wishes(): Wishes {
    return {
      of: () => {
        const { wishes, digest } = this.#options.wished(this.#phase);
        this.#seen = digest;
        return wishes;
      },
      // A VM that waits has no run: whoever begins runs knows when something has changed.
      changed: (_plan, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
  }

  /** The status of the VM as its progress: it tells events, minds a pause between two phases, and is remembered until the cluster tells it. */
  #record(plan: VmPlan): VmRecord {
    const { tell } = this.#services;
    const { vm, written, leave } = this.#options;
    const owner = named(VM_KIND, vm);
    let before: VmProgress | undefined;
    const beside = (progress: VmProgress): BesideProgress => {
      const downtime = downtimeOf(plan, progress);
      return { ...(this.#seen !== undefined && { wished: this.#seen }), ...(downtime?.over && { downtime: downtime.seconds }) };
    };
    const onPhase = (progress: VmProgress): void => {
      this.#phase = progress.phase;
      for (const text of eventsOf(progress, before)) tell(owner, text);
      before = progress;
    };
    const open = (status: VmMigrationStatus): VmRecord =>
      this.#services.record({ migration: vm, plan, status, onPhase, written, beside, signal: leave });
    // A try that could not even begin does not count: it would never come back.
    const unbegun = open(vm.status ?? {});
    const record = open({ ...vm.status, retried: vm.spec.retry });
    let begun = false;
    return {
      load: async (name) => {
        const known = await record.load(name);
        const at = new Date(this.#services.clock.now()).toISOString();
        return known && wantsRollBack(vm) ? rollBack(known, at) : known;
      },
      replanned: (next) => record.replanned(next),
      save: async (progress) => {
        begun = true;
        const isNew = progress.phase !== before?.phase && !hasEnded(progress.phase);
        await record.save(progress);
        if (isNew) await this.#whilePaused(record);
      },
      wait: (reason, message) => (begun ? record : unbegun).wait(reason, message),
      phase: (about, progress) => record.phase(about, progress),
      transferStarts: (job) => {
        begun = true;
        record.transferStarts(job);
      },
      transferMoves: (progress) => record.transferMoves(progress),
      transferEnds: (job, failed) => record.transferEnds(job, failed),
      ...(record.transferWaits && { transferWaits: (job, because) => record.transferWaits?.(job, because) }),
      ...(record.guestWork && { guestWork: (about, text) => record.guestWork?.(about, text) }),
      ...(record.guestWaits && { guestWaits: (about, because) => record.guestWaits?.(about, because) }),
      ...(record.hookWaits && { hookWaits: (because) => record.hookWaits?.(because) }),
    };
  }

  /** The next phase does not begin as long as the VM is paused. */
  async #whilePaused(record: VmRecord): Promise<void> {
    const signal = this.#signal;
    const aborted = Promise.withResolvers<void>();
    const end = (): void => aborted.resolve();
    signal.addEventListener('abort', end, { once: true });
    try {
      for (let told = false; !signal.aborted; ) {
        const now = this.#services.migrations.get(this.#options.vm.key);
        if (now === undefined || !isPaused(now)) return;
        this.#awake = Promise.withResolvers();
        if (!told) await record.wait('Paused', 'Paused: the next phase does not begin.');
        told = true;
        await Promise.race([this.#awake.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
}

/** For a run that only brings its source back, or ends what is done already. */
const AT_WILL: JobQueue = {
  submit: <T>(_key: string, work: () => Promise<T>): Promise<T> => work(),
  limit: (): void => undefined,
};
