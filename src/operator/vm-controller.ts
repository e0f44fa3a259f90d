import { migrateVm } from '../migrate.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmProgress } from '../model/plan.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import type { Admission } from './admission.ts';
import { bandwidthOf } from './bandwidth.ts';
import { hasEnded, intentOf, isBeforeCutover, isPaused } from './intent.ts';
import { Notes } from './notes.ts';
import { reasonOf } from './provider-controller.ts';
import {
  named,
  type PlanResource,
  type ProviderResource,
  type Services,
  VM_KIND,
  type VmRecord,
  type VmResource,
} from './services.ts';
import { type Sources, workerSource } from './sources.ts';
import { endedBeforeItBegan, withWait } from './unbegun.ts';
import { eventsOf } from './vm-events.ts';
import { VmTurn } from './vm-turn.ts';

/** Milliseconds until what could not begin is tried again: longer each time. */
const TRY_AGAIN = { first: 5000, longest: 300_000 };
/** Milliseconds after which the run before is surely forgotten. */
const AT_ONCE = 50;
/** Milliseconds that the removal of claims may take. */
const CLEAR_UP_WITHIN = 60_000;
/** VMs that are told at once why they wait. */
const NOTES_AT_ONCE = 4;

/** A VM that waits for its turn. */
interface Waiting {
  readonly uid: string;
  /** Of plan and provider, by which it asked. */
  readonly as: string;
  readonly turn: VmTurn;
}

interface Run {
  readonly uid: string;
  readonly cancel: AbortController;
  phase: string;
  /** Lets a run that is paused go on. */
  awake: PromiseWithResolvers<void>;
  done: Promise<void>;
}

interface Parents {
  readonly plan: PlanResource | undefined;
  readonly provider: ProviderResource | undefined;
}

export interface VmControllerOptions {
  readonly sources: Sources;
  readonly admission: Admission;
  /** Nodes that workers can run on; undefined where nobody counted. */
  readonly nodes: () => number | undefined;
  /** The operator ends: VMs stay where they are. */
  readonly leave: AbortSignal;
  /** A key is to be looked at once more. */
  readonly again: (key: string, milliseconds: number) => void;
}

/** Begins, goes on with, cancels, tries again and clears up VMs, each by migrateVm(). A VM that is under way is a run in the background, not a worker of the queue. */
export class VmController {
  readonly #services: Services;
  readonly #options: VmControllerOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #runs = new Map<string, Run>();
  readonly #notes: Notes;
  /** How a run of this process ended, until the cluster has told us the same. */
  readonly #ended = new Map<string, { readonly uid: string; readonly status: VmMigrationStatus }>();
  /** Failures in a row to begin at all. */
  readonly #failures = new Map<string, number>();

  constructor(services: Services, options: VmControllerOptions) {
    this.#services = services;
    this.#options = options;
    this.#notes = new Notes(NOTES_AT_ONCE, (key, error) => {
      if (!options.leave.aborted) services.log.warn({ vm: key, cause: String(error) }, 'why a VM waits could not be written');
    });
  }

  /** Goes on with all that was under way, before anything new begins: they have their places already. */
  adopt(): void {
    for (const vm of this.#services.migrations.values()) {
      const { phase } = vm.status ?? {};
      if (phase === undefined || hasEnded(phase)) continue;
      const parents = this.#parentsOf(vm);
      if (intentOf(vm, parents.plan, this.#services.clock.now()) !== 'run' || parents.plan === undefined) continue;
      const turn = this.#turnOf(vm, parents);
      turn?.adopt();
      if (turn !== undefined) this.#begin(vm, parents, turn);
    }
  }

  async reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    const vm = this.#newest(key);
    const run = this.#runs.get(key);
    if (run !== undefined) return this.#look(run, vm);
    if (vm === undefined) {
      this.#withdraw(key);
      this.#failures.delete(key);
      return undefined;
    }
    const parents = this.#parentsOf(vm);
    const intent = intentOf(vm, parents.plan, this.#services.clock.now());
    if (intent !== 'run') {
      this.#withdraw(key);
      await this.#notes.drop(key);
    }
    if (this.#options.leave.aborted || this.#runs.has(key)) return undefined;
    switch (intent) {
      case 'nothing':
        return undefined;
      case 'run':
        return this.#run(vm, parents);
      case 'stop':
        if (vm.deleting && parents.provider === undefined) return await this.#leaveOff(vm, signal);
        return this.#begin(vm, parents, undefined);
      case 'clear':
        return await this.#clear(vm, signal);
      case 'cancel':
      case 'expire':
        return await this.#endUnbegun(vm, intent, signal);
    }
  }

  /** Waits until every run has left. */
  async settled(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ done }) => done));
  }

  /** What a run minds while it goes on. */
  #look(run: Run, vm: VmResource | undefined): undefined {
    if (vm === undefined || vm.uid !== run.uid) {
      run.cancel.abort();
      return undefined;
    }
    if (!isPaused(vm)) run.awake.resolve();
    const plan = this.#parentsOf(vm).plan;
    const canceled = vm.deleting || vm.spec.canceled || plan?.spec.canceled === true;
    // Nothing can happen between this look and the abort: a step begins after its phase was noted.
    if (canceled && isBeforeCutover(run.phase)) run.cancel.abort();
    return undefined;
  }

  #run(vm: VmResource, parents: Parents): undefined {
    const { plan, provider } = parents;
    const isCutOver = vm.status?.phase !== undefined && !hasEnded(vm.status.phase) && !isBeforeCutover(vm.status.phase);
    // What is past the point of no return needs no place any more, and perhaps has no plan.
    if (isCutOver) return this.#begin(vm, parents, undefined);
    if (plan === undefined || provider === undefined) return undefined;
    const as = `${plan.uid} ${plan.generation} ${provider.uid} ${provider.generation} ${vm.status?.decided ?? ''}`;
    const waiting = this.#waiting.get(vm.key);
    if (waiting?.uid === vm.uid && waiting.as === as) return undefined;
    this.#withdraw(vm.key);
    const turn = this.#turnOf(vm, parents);
    if (turn === undefined) return undefined;
    this.#waiting.set(vm.key, { uid: vm.uid, as, turn });
    turn.ask(() => this.#let(vm.key, turn));
    return undefined;
  }

  #turnOf(vm: VmResource, { plan, provider }: Parents): VmTurn | undefined {
    if (plan === undefined || provider === undefined) return undefined;
    const { admission, nodes } = this.#options;
    const wait = (because: string, text: string): void => this.#say(vm, because, text);
    return new VmTurn({ admission, vm, parents: { plan, provider, nodes: nodes() }, wait });
  }

  /** Its turn has come. What was asked for may not hold any more. */
  #let(key: string, turn: VmTurn): void {
    this.#waiting.delete(key);
    const vm = this.#newest(key);
    const parents = vm && this.#parentsOf(vm);
    const intent = vm && intentOf(vm, parents?.plan, this.#services.clock.now());
    if (vm === undefined || parents === undefined || intent !== 'run' || this.#options.leave.aborted) {
      turn.leave();
      this.#options.again(key, AT_ONCE);
      return;
    }
    this.#begin(vm, parents, turn);
  }

  #withdraw(key: string): void {
    this.#waiting.get(key)?.turn.withdraw();
    this.#waiting.delete(key);
  }

  /** Written when the reason is another one, not for each count. */
  #say(vm: VmResource, because: string, text: string): void {
    if (vm.status?.phase !== undefined || vm.status?.waitingFor?.startsWith(because) === true) return;
    const { migrations, clock } = this.#services;
    this.#notes.put(vm.key, async () => {
      const now = migrations.get(vm.key);
      if (now?.uid !== vm.uid || now.status?.waitingFor?.startsWith(because) === true) return;
      const at = new Date(clock.now()).toISOString();
      await migrations.saveStatus(vm, withWait(now, text, at), this.#options.leave);
    });
  }

  #begin(vm: VmResource, parents: Parents, turn: VmTurn | undefined): undefined {
    const { key, uid } = vm;
    const run: Run = {
      ...{ uid, cancel: new AbortController(), phase: vm.status?.phase ?? 'Pending' },
      ...{ awake: Promise.withResolvers<void>(), done: Promise.resolve() },
    };
    this.#runs.set(key, run);
    const stop = vm.deleting || vm.spec.canceled || parents.plan?.spec.canceled === true;
    if (stop && isBeforeCutover(run.phase)) run.cancel.abort();
    run.done = this.#notes
      .drop(key)
      .then(() => this.#drive(vm, { ...parents, turn, run }))
      .then(
        () => {
          this.#failures.delete(key);
          return AT_ONCE;
        },
        (error: unknown) => this.#afterFailure(key, error),
      )
      .then((later) => {
        turn?.leave();
        this.#runs.delete(key);
        if (!this.#options.leave.aborted) this.#options.again(key, later);
      });
    return undefined;
  }

  #afterFailure(key: string, error: unknown): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    if (!this.#options.leave.aborted) {
      const code = error instanceof MigrationError ? error.code : 'bug';
      const cause = code === 'bug' && error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#services.log.warn({ vm: key, code, cause }, 'a VM does not go on for now');
    }
    return Math.min(TRY_AGAIN.longest, TRY_AGAIN.first * 2 ** Math.min(failures, 10));
  }

  async #drive(vm: VmResource, about: Parents & { readonly turn: VmTurn | undefined; readonly run: Run }): Promise<void> {
    const { provider, plan, turn, run } = about;
    const { clock, keptPlan, target: reach } = this.#services;
    const { leave, sources } = this.#options;
    const signal = AbortSignal.any([run.cancel.signal, leave]);
    const owner = named(VM_KIND, vm);
    const vmPlan = await keptPlan(owner, leave);
    const record = this.#record(vm, vmPlan, run);
    let release: (() => void) | undefined;
    try {
      if (provider === undefined) throw new MigrationError('source-busy', `There is no Provider ${vm.status?.provider ?? ''}.`);
      const source = await sources.source(provider);
      if (source === undefined) throw new MigrationError('source-busy', `The Provider ${provider.name} is not ready.`);
      release = source.use();
      const namespace = vm.status?.targetNamespace ?? vm.namespace;
      const hooks = { planName: vm.spec.planRef.name, specs: plan?.spec.hooks ?? [], attempt: vm.spec.retry };
      const bandwidth = plan === undefined ? [] : bandwidthOf(plan, provider);
      const parts = reach({ owner, namespace, plan: vmPlan, source: workerSource(provider), bandwidth, hooks, leave });
      const { destination } = parts;
      const progress = await migrateVm(vmPlan, {
        ...{ connection: source.connection, ...parts, clock, signal, store: record, observer: record },
        transfers: turn?.transfers ?? AT_WILL,
        verify: plan?.spec.verify ?? true,
        powerOnAfterFailure: true,
        ...(plan?.spec.shutdown && { shutdown: plan.spec.shutdown }),
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

  /** The status of the VM as its progress: it tells events, minds a pause between two phases, and is remembered until the cluster tells it. */
  #record(vm: VmResource, plan: Parameters<Services['record']>[0]['plan'], run: Run): VmRecord {
    const { tell } = this.#services;
    const owner = named(VM_KIND, vm);
    let before: VmProgress | undefined;
    const onPhase = (progress: VmProgress): void => {
      run.phase = progress.phase;
      for (const text of eventsOf(progress, before)) tell(owner, text);
      before = progress;
    };
    const written = (status: VmMigrationStatus): void => {
      this.#ended.set(vm.key, { uid: vm.uid, status });
    };
    const open = (status: VmMigrationStatus): VmRecord =>
      this.#services.record({ migration: vm, plan, status, onPhase, written, signal: this.#options.leave });
    // A try that could not even begin does not count: it would never come back.
    const unbegun = open(vm.status ?? {});
    const record = open({ ...vm.status, retried: vm.spec.retry });
    let begun = false;
    return {
      load: (name) => record.load(name),
      save: async (progress) => {
        begun = true;
        const isNew = progress.phase !== before?.phase && !hasEnded(progress.phase);
        await record.save(progress);
        if (isNew) await this.#whilePaused(vm, run, record);
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
      ...(record.hookWaits && { hookWaits: (because) => record.hookWaits?.(because) }),
    };
  }

  /** The next phase does not begin as long as the VM is paused. */
  async #whilePaused(vm: VmResource, run: Run, record: VmRecord): Promise<void> {
    const signal = AbortSignal.any([run.cancel.signal, this.#options.leave]);
    const aborted = Promise.withResolvers<void>();
    const end = (): void => aborted.resolve();
    signal.addEventListener('abort', end, { once: true });
    try {
      for (let told = false; !signal.aborted; ) {
        const now = this.#services.migrations.get(vm.key);
        if (now === undefined || !isPaused(now)) return;
        run.awake = Promise.withResolvers();
        if (!told) await record.wait('Paused', 'Paused: the next phase does not begin.');
        told = true;
        await Promise.race([run.awake.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  async #endUnbegun(vm: VmResource, intent: 'cancel' | 'expire', signal: AbortSignal): Promise<undefined> {
    const { clock, migrations, tell } = this.#services;
    const status = endedBeforeItBegan(vm, intent, new Date(clock.now()).toISOString());
    await migrations.saveStatus(vm, status, signal);
    this.#ended.set(vm.key, { uid: vm.uid, status });
    const { failure } = status;
    const type = intent === 'cancel' ? 'Normal' : 'Warning';
    tell(named(VM_KIND, vm), { type, reason: status.phase ?? '', action: 'Pending', note: failure?.message ?? '' });
    return undefined;
  }

  /** Nobody can start the source again: its Provider is gone. */
  async #leaveOff(vm: VmResource, signal: AbortSignal): Promise<undefined> {
    const note = `The Provider ${vm.status?.provider ?? ''} is gone: the source of ${vm.spec.vm.name} was left off.`;
    this.#services.tell(named(VM_KIND, vm), { type: 'Warning', reason: 'SourceLeftOff', action: 'PowerOffSource', note });
    return await this.#clear(vm, signal);
  }

  /** What was made goes with its resource, and a VM that is in the cluster stays with its claims. */
  async #clear(vm: VmResource, signal: AbortSignal): Promise<undefined> {
    const { clear, migrations } = this.#services;
    const { phase, targetNamespace: namespace = vm.namespace } = vm.status ?? {};
    // Of one that never began there may be claims, which an owner of another namespace does not take with it.
    if (phase !== undefined || namespace !== vm.namespace)
      await clear({ owner: named(VM_KIND, vm), namespace, isComplete: phase === 'Completed' }, signal);
    await migrations.release(vm, signal);
    this.#ended.delete(vm.key);
    return undefined;
  }

  #parentsOf(vm: VmResource): Parents {
    const { plans, providers } = this.#services;
    const plan = plans.get(`${vm.namespace}/${vm.spec.planRef.name}`);
    const name = vm.status?.provider ?? plan?.spec.providerRef.name;
    return { plan, provider: name === undefined ? undefined : providers.get(`${vm.namespace}/${name}`) };
  }

  /** As the cluster told it, or as this process left it where that is newer. */
  #newest(key: string): VmResource | undefined {
    const vm = this.#services.migrations.get(key);
    const ended = this.#ended.get(key);
    if (ended === undefined) return vm;
    if (vm === undefined || vm.uid !== ended.uid || markOf(vm.status) === markOf(ended.status)) {
      if (!this.#runs.has(key)) this.#ended.delete(key);
      return vm;
    }
    return { ...vm, status: ended.status };
  }
}

/** What tells two states of a migration apart. */
function markOf({ phase, since, retried, history }: VmMigrationStatus = {}): string {
  return [phase, since, retried, history?.length ?? 0].join(' ');
}

/** For a run that only brings its source back, or ends what is done already. */
const AT_WILL = {
  submit: <T>(_key: string, work: () => Promise<T>): Promise<T> => work(),
  limit: (): void => undefined,
};
