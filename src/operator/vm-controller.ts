import { MigrationError } from '../model/errors.ts';
import { isMigrated } from '../model/phase.ts';
import { verdictAt } from '../plan/warm/group.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import type { Admission } from './admission.ts';
import type { Groups } from './groups.ts';
import { hasEnded, intentOf, isParked, isPaused, urgencyOf, wantsRetry, wantsRollBack } from './intent.ts';
import { Notes } from './notes.ts';
import { digestOf, wishesOf } from './schedule.ts';
import { named, type PlanResource, type ProviderResource, type Services, VM_KIND, type VmResource } from './services.ts';
import type { Sources } from './sources.ts';
import { TestCutovers } from './test-cutovers.ts';
import { endedBeforeItBegan, withWait } from './unbegun.ts';
import { VmRun, type Wished } from './vm-run.ts';
import { VmTurn } from './vm-turn.ts';

/** Milliseconds until what could not begin is tried again: longer each time. */
const TRY_AGAIN = { first: 5000, longest: 300_000 };
/** Milliseconds after which the run before is surely forgotten. */
const AT_ONCE = 50;
const SOON = 1000;
/** A timer of a VM that waits for longer is set anew. */
const LOOK_AGAIN = 6 * 3_600_000;
/** VMs that are told at once why they wait. */
const NOTES_AT_ONCE = 4;

/** A VM that waits for its turn. */
interface Waiting {
  readonly uid: string;
  /** Of plan and provider, by which it asked. */
  readonly as: string;
  readonly turn: VmTurn;
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
  readonly groups: Groups;
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
  readonly #runs = new Map<string, { readonly run: VmRun; readonly done: Promise<void> }>();
  readonly #notes: Notes;
  readonly #tests: TestCutovers;
  /** How a run of this process ended, until the cluster has told us the same. */
  readonly #ended = new Map<string, { readonly uid: string; readonly status: VmMigrationStatus }>();
  /** A VM whose leavings are being removed: it cannot begin anew meanwhile. */
  #clearing: string | undefined;
  /** By which wishes a VM that waits was looked at last, where its status may say others. */
  readonly #looked = new Map<string, { readonly uid: string; readonly digest: string }>();
  /** Failures in a row to begin at all. */
  readonly #failures = new Map<string, number>();

  constructor(services: Services, options: VmControllerOptions) {
    this.#services = services;
    this.#options = options;
    const written = ({ key, uid }: VmResource, status: VmMigrationStatus): void => void this.#ended.set(key, { uid, status });
    this.#tests = new TestCutovers(services, { written, again: options.again });
    this.#notes = new Notes(NOTES_AT_ONCE, (key, error) => {
      if (!options.leave.aborted) services.log.warn({ vm: key, cause: String(error) }, 'why a VM waits could not be written');
    });
  }

  /** Goes on with all that was under way, before anything new begins: they have their places already. */
  adopt(): void {
    const adopted: VmTurn[] = [];
    for (const vm of this.#services.migrations.values()) {
      const { phase } = vm.status ?? {};
      // What waits has no place; it is looked at when it is due.
      if (phase === undefined || hasEnded(phase) || isParked(vm)) continue;
      const parents = this.#parentsOf(vm);
      if (intentOf(vm, parents.plan, this.#services.clock.now()) !== 'run' || parents.plan === undefined) continue;
      const turn = this.#turnOf(vm, parents);
      if (turn === undefined) continue;
      turn.adopt();
      adopted.push(turn);
      this.#begin(vm, parents, turn);
    }
    // A run begins in a later turn of the event loop.
    for (const turn of adopted) turn.adoptStandBys();
  }

  /** Removes what is left of VMs whose operator ended after their cancellation and before it had cleared up. */
  async clearCanceled(): Promise<void> {
    const { leave } = this.#options;
    for (const vm of [...this.#services.migrations.values()]) {
      if (leave.aborted) return;
      if (vm.status?.phase !== 'Canceled' || wantsRetry(vm) || this.#runs.has(vm.key)) continue;
      const namespace = vm.status.targetNamespace ?? vm.namespace;
      const about = { owner: named(VM_KIND, vm), namespace, isComplete: false };
      this.#clearing = vm.key;
      await this.#services.clear(about, leave).catch((error: unknown) => {
        if (!leave.aborted)
          this.#services.log.warn({ vm: vm.key, cause: String(error) }, 'a canceled VM could not be cleared up');
      });
    }
    this.#clearing = undefined;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    let vm = this.#newest(key);
    const run = this.#runs.get(key)?.run;
    if (run !== undefined) return this.#look(run, vm);
    if (vm === undefined) {
      this.#withdraw(key);
      this.#failures.delete(key);
      this.#looked.delete(key);
      return undefined;
    }
    const parents = this.#parentsOf(vm);
    const intent = intentOf(vm, parents.plan, this.#services.clock.now());
    if (intent !== 'run') {
      this.#withdraw(key);
      await this.#notes.drop(key);
    }
    if (this.#options.leave.aborted || this.#runs.has(key)) return undefined;
    if ((intent === 'run' || intent === 'nothing') && (await this.#isHeldByTest(vm, signal))) return undefined;
    // Its status may be another one since.
    vm = this.#newest(key) ?? vm;
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

  /** As long as its target is being cloned for a test nothing is copied to it. */
  async #isHeldByTest(vm: VmResource, signal: AbortSignal): Promise<boolean> {
    const { spec, status } = vm;
    if (status?.test === undefined && spec.testCutover !== true) return false;
    const isProven = spec.proveTest !== true || status?.test?.proof !== undefined;
    const isSettled = spec.testCutover === true && status?.test?.state === 'started' && !status.test.holds && isProven;
    // Whoever waits for a turn keeps it: the Job goes on by itself, and what comes after it can wait.
    if (status?.test?.state === 'converting' && !status.test.holds && spec.testCutover === true && this.#waiting.has(vm.key))
      return false;
    // No run may begin while its status is written.
    if (!isSettled) this.#withdraw(vm.key);
    return await this.#tests.look(vm, this.#isCutOverNow(vm, this.#parentsOf(vm).plan), signal);
  }

  /** Waits until every run has left. */
  async settled(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ done }) => done));
  }

  /** What a run minds while it goes on. */
  #look(run: VmRun, vm: VmResource | undefined): undefined {
    if (vm === undefined || vm.uid !== run.uid || isCanceled(vm, this.#parentsOf(vm).plan)) run.cancel();
    else if (!isPaused(vm)) run.goOn();
    return undefined;
  }

  #run(vm: VmResource, parents: Parents): undefined {
    const { plan, provider } = parents;
    if (wantsRollBack(vm)) return this.#begin(vm, parents, undefined);
    if (isParked(vm) && !this.#isDue(vm, plan)) {
      this.#withdraw(vm.key);
      return undefined;
    }
    const urgency = this.#urgencyOf(vm, plan);
    if (urgency !== 'none') this.#withdraw(vm.key);
    // What is past the point of no return needs no place any more, and perhaps has no plan.
    if (urgency === 'at-will') return this.#begin(vm, parents, undefined);
    if (urgency === 'counted') {
      const turn = this.#turnOf(vm, parents);
      turn?.adopt();
      return this.#begin(vm, parents, turn);
    }
    if (plan === undefined || provider === undefined) return undefined;
    if (this.#clearing === vm.key) {
      this.#options.again(vm.key, SOON);
      return undefined;
    }
    const { decided = '', since = '' } = vm.status ?? {};
    const as = `${plan.uid} ${plan.generation} ${provider.uid} ${provider.generation} ${decided} ${since}`;
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
    const urgent = isParked(vm) && this.#isCutOverNow(vm, plan);
    return new VmTurn({ admission, vm, parents: { plan, provider, nodes: nodes() }, urgent, wait });
  }

  /** Whether a VM that waits is to be looked at; where it is not, it comes back in time. */
  #isDue(vm: VmResource, plan: PlanResource | undefined): boolean {
    const { outlook, outlookFor, phase = '' } = vm.status ?? {};
    const looked = this.#looked.get(vm.key);
    const seen = looked?.uid === vm.uid ? looked.digest : outlookFor;
    if (this.#wished(vm, plan, phase).digest !== seen) return true;
    if (outlook?.at === undefined) return false;
    const left = Date.parse(outlook.at) - this.#services.clock.now();
    if (left > 0) this.#options.again(vm.key, Math.min(left, LOOK_AGAIN));
    return left <= 0;
  }

  /** VMs that are cut over together do not wait for places one after the other: all the others would be off meanwhile. */
  #urgencyOf(vm: VmResource, plan: PlanResource | undefined): ReturnType<typeof urgencyOf> {
    const { phase = '' } = vm.status ?? {};
    if (hasEnded(phase)) return 'none';
    if (phase !== 'AwaitCutover') return urgencyOf(phase);
    const { companions = [] } = this.#wished(vm, plan, phase).wishes;
    return companions.length > 0 && verdictAt(phase, companions).kind === 'go' ? 'counted' : 'none';
  }

  #isCutOverNow(vm: VmResource, plan: PlanResource | undefined): boolean {
    const { cutoverAt } = this.#wished(vm, plan, '').wishes;
    const said = cutoverAt ?? (vm.status?.outlook?.cutoverAt && Date.parse(vm.status.outlook.cutoverAt));
    return said !== undefined && said !== '' && said <= this.#services.clock.now();
  }

  #wished(vm: VmResource, plan: PlanResource | undefined, phase: string): Wished {
    const companions = this.#options.groups.companions(vm, plan, (key) => this.#newest(key));
    const wishes = wishesOf(vm, plan, companions);
    return { wishes, digest: digestOf(wishes, phase) };
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
    const isDoing = vm.status?.phase !== undefined && !isParked(vm);
    if (isDoing || vm.status?.waitingFor?.startsWith(because) === true) return;
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
    const { sources, leave, again } = this.#options;
    const written = (status: VmMigrationStatus): void => {
      this.#ended.set(key, { uid, status });
    };
    const wished = (phase: string): Wished => {
      const now = this.#services.migrations.get(key) ?? vm;
      return this.#wished(now, this.#parentsOf(now).plan, phase);
    };
    const run = new VmRun(this.#services, { ...parents, vm, turn, sources, leave, written, wished });
    if (isCanceled(vm, parents.plan)) run.cancel();
    const done = this.#notes
      .drop(key)
      .then(() => run.drive())
      .then(
        () => {
          this.#failures.delete(key);
          if (run.seen !== undefined) this.#looked.set(key, { uid, digest: run.seen });
          return AT_ONCE;
        },
        (error: unknown) => this.#afterFailure(key, error),
      )
      .then((later) => {
        turn?.leave();
        this.#runs.delete(key);
        if (!leave.aborted) again(key, later);
      });
    this.#runs.set(key, { run, done });
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
      await clear({ owner: named(VM_KIND, vm), namespace, isComplete: isMigrated(phase) || phase === 'AwaitCommit' }, signal);
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

function isCanceled({ deleting, spec }: VmResource, plan: PlanResource | undefined): boolean {
  return deleting || spec.canceled || plan?.spec.canceled === true;
}

/** What tells two states of a migration apart. */
function markOf({ phase, since, retried, history, outlook, warm, test }: VmMigrationStatus = {}): string {
  const { passes = [], held } = warm ?? {};
  return JSON.stringify([phase, since, retried, history?.length ?? 0, outlook ?? 0, passes.length, held?.id ?? 0, test ?? 0]);
}
