import { MigrationError } from '../model/errors.ts';
import type { VmPlan } from '../model/plan.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import { isBeforeShutdown, isParked } from './intent.ts';
import { named, type Services, type TestStatus, VM_KIND, type VmResource } from './services.ts';
import { outcomeText } from './vm-events.ts';

export interface TestCutoversOptions {
  /** Told of every status that the cluster took. */
  readonly written: (vm: VmResource, status: VmMigrationStatus) => void;
  readonly again: (key: string, milliseconds: number) => void;
}

/** Milliseconds between two looks at what is being cloned. */
const LOOK_EVERY = 2000;
/** Milliseconds between two looks at a guest that is converted, or watched. */
const WATCH_EVERY = 4000;
/** Characters that a status has room for. */
const SENTENCE = 1024;

/** Begins, looks after and ends the tests of VMs that wait. Whoever calls sees to it that no run of the VM goes on meanwhile. */
export class TestCutovers {
  readonly #services: Services;
  readonly #options: TestCutoversOptions;

  constructor(services: Services, options: TestCutoversOptions) {
    this.#services = services;
    this.#options = options;
  }

  /**
   * @param isDue its cutover is: no clone is waited for
   * @returns whether the target must not change for now; the VM is looked at again
   */
  async look(vm: VmResource, isDue: boolean, signal: AbortSignal): Promise<boolean> {
    const { spec, status = {} } = vm;
    const { test } = status;
    const isOver = isPastTests(status) || (isDue && test?.holds !== false);
    if (test !== undefined && (spec.testCutover !== true || isOver)) {
      await this.#end(vm, signal);
      return false;
    }
    if (spec.testCutover !== true || isOver) return false;
    if (test === undefined) return isTestable(vm) && (await this.#begin(vm, signal));
    if (isUnderWay(test)) return await this.#advance(vm, test, signal);
    if (test.state === 'started' && spec.proveTest === true && test.proof === undefined) await this.#prove(vm, test, signal);
    return false;
  }

  async #begin(vm: VmResource, signal: AbortSignal): Promise<boolean> {
    const { clock, keptPlan, tests } = this.#services;
    const { by, because, vm: name } = await tests.choose(await keptPlan(named(VM_KIND, vm), signal), signal);
    const since = new Date(clock.now()).toISOString();
    await this.#save(vm, { state: 'cloning', holds: true, vm: name, by, because: because.slice(0, SENTENCE), since }, signal);
    this.#tell(vm, 'TestBegins', `The target is cloned by ${by}, because ${because}.`);
    this.#options.again(vm.key, 0);
    return true;
  }

  async #advance(vm: VmResource, test: TestStatus, signal: AbortSignal): Promise<boolean> {
    const { keptPlan, tests } = this.#services;
    const { by, since, doing: _, ...known } = test;
    const owner = named(VM_KIND, vm);
    try {
      const plan = await keptPlan(owner, signal);
      const run = { owner, namespace: namespaceOf(vm), plan, by, since, converting: test.state === 'converting' };
      const { holds, state, doing, guest, failure } = await tests.advance(run, signal);
      if (failure !== undefined) return await this.#fail(vm, test, failure, signal);
      const now: TestStatus = {
        ...known,
        by,
        since,
        state,
        holds,
        ...(doing && { doing: doing.slice(0, SENTENCE) }),
        ...(guest && { guest }),
      };
      if (state !== test.state || holds !== test.holds || now.doing !== test.doing) await this.#save(vm, now, signal);
      this.#tellOf(vm, plan, now, test.state);
      const isWatched = state === 'started' && vm.spec.proveTest === true;
      if (isUnderWay(now) || isWatched) this.#options.again(vm.key, holds || state === 'cloning' ? LOOK_EVERY : WATCH_EVERY);
      return holds;
    } catch (error) {
      if (!(error instanceof MigrationError) || signal.aborted) throw error;
      if (isFinal(error)) return await this.#fail(vm, test, error, signal);
      if (test.holds) throw error;
      // Nothing of the VM waits for it.
      this.#options.again(vm.key, WATCH_EVERY);
      const told = error.message.slice(0, SENTENCE);
      if (told !== test.doing) await this.#save(vm, { ...test, doing: told }, signal);
      return false;
    }
  }

  /** The VM itself is as it was: its migration goes on. */
  async #fail(vm: VmResource, { doing: _, ...test }: TestStatus, failure: MigrationError, signal: AbortSignal): Promise<false> {
    const { code } = failure;
    const message = `${failure.message} ${failure.hint}`.trim().slice(0, SENTENCE);
    await this.#save(vm, { ...test, state: 'failed', holds: false, code, message }, signal);
    this.#tell(vm, 'TestFailed', message, 'Warning');
    return false;
  }

  /** @param before its state when it was told of last */
  #tellOf(vm: VmResource, plan: VmPlan, { state, guest, vm: name }: TestStatus, before: TestStatus['state']): void {
    if (state === before) return;
    if (state === 'converting') {
      const isLooked = plan.conversion?.policy === 'skip';
      const what = isLooked ? 'It is looked whether the guest on the clones is ready' : 'The guest is converted on the clones';
      this.#tell(vm, 'TestConverts', `${what}, as at the cutover.`);
    }
    if (guest !== undefined) this.#tell(vm, 'TestConverted', outcomeText({ ...guest, seconds: [guest], guest: guest.system }));
    if (state === 'started') this.#tell(vm, 'TestStarted', `The VirtualMachine ${name} is made, without any network.`);
  }

  /** Its migration goes on beside it. */
  async #prove(vm: VmResource, test: TestStatus, signal: AbortSignal): Promise<void> {
    const { keptPlan, tests } = this.#services;
    const owner = named(VM_KIND, vm);
    const plan = await keptPlan(owner, signal);
    const { since, guest } = test;
    const run = { owner, namespace: namespaceOf(vm), plan, since, ...(guest && { guest }) };
    const proof = await tests.prove(run, signal);
    if (proof === undefined) return this.#options.again(vm.key, WATCH_EVERY);
    await this.#save(vm, { ...test, proof }, signal);
    const { booted, trouble, evidence } = proof;
    const seen = evidence.map(({ text }) => text).join('; ');
    if (booted) this.#tell(vm, 'TestProven', `The VM of the test was seen to boot: ${seen}.`);
    else this.#tell(vm, 'TestNotProven', trouble?.text ?? 'Its guest gave no sign.', 'Warning');
  }

  async #end(vm: VmResource, signal: AbortSignal): Promise<void> {
    await this.#services.tests.end({ owner: named(VM_KIND, vm), namespace: namespaceOf(vm) }, signal);
    await this.#save(vm, undefined, signal);
    this.#tell(vm, 'TestEnded', 'The VirtualMachine of the test and its claims are removed.');
  }

  async #save(vm: VmResource, test: TestStatus | undefined, signal: AbortSignal): Promise<void> {
    const { test: _before, waitingFor: _waiting, ...rest } = vm.status ?? {};
    const waits = test?.holds === true ? { waitingFor: 'A test of its target holds it until its clones are taken.' } : {};
    const status = { ...rest, ...waits, ...(test && { test }) };
    await this.#services.migrations.saveStatus(vm, status, signal);
    this.#options.written(vm, status);
  }

  #tell(vm: VmResource, reason: string, note: string, type: 'Normal' | 'Warning' = 'Normal'): void {
    this.#services.tell(named(VM_KIND, vm), { type, reason, action: 'TestCutover', note });
  }
}

function namespaceOf({ namespace, status }: VmResource): string {
  return status?.targetNamespace ?? namespace;
}

/** Something is to be done for it, and not only to be watched. */
function isUnderWay({ state, holds }: TestStatus): boolean {
  return state === 'cloning' || state === 'converting' || holds;
}

/** Its target is whole, and nothing is done to it: it waits between two copies. One of a group that is about to be cut over is not kept back. */
function isTestable(vm: VmResource): boolean {
  const { phase = '', group, warm } = vm.status ?? {};
  if (!isParked(vm) || (warm?.passes.length ?? 0) === 0) return false;
  return phase === 'AwaitPrecopy' || (phase === 'AwaitCutover' && group === undefined);
}

/** Waiting for a quota would hold the migration back. */
function isFinal({ disposition, code }: MigrationError): boolean {
  return disposition === 'stalled' || code === 'quota-exceeded';
}

/** The cutover has begun, or there will be none. A VM that failed before it keeps its test. */
function isPastTests({ phase = '', failure }: VmMigrationStatus): boolean {
  const at = phase === 'Failed' ? (failure?.phase ?? '') : phase;
  return !isBeforeShutdown(at) && !COPIES.has(at);
}

const COPIES: ReadonlySet<string> = new Set(['EnableTracking', 'Snapshot', 'CopyDisks', 'CopyDelta', '']);
