import type { JobQueue } from '../contracts/job-queue.ts';
import { migrateVm } from '../migrate.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmProgress } from '../model/plan.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import { named, type PlanResource, type ProviderResource, type Services, VM_KIND, type VmResource } from './services.ts';
import { type Sources, workerSource } from './sources.ts';

interface Run {
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

/** Milliseconds until what could not begin is tried again. */
const TRY_AGAIN = 5000;
/** Milliseconds after which the run before is surely forgotten. */
const AT_ONCE = 50;
/** Milliseconds that the removal of claims may take. */
const CLEAR_UP_WITHIN = 60_000;
const ENDED: ReadonlySet<string> = new Set(['Completed', 'Failed', 'Canceled']);

/** Begins, goes on with, cancels and tries again VMs, each by migrateVm(). A VM that is under way is a run in the background, not a worker of the queue. */
export class VmController {
  readonly #services: Services;
  readonly #sources: Sources;
  readonly #leave: AbortSignal;
  readonly #again: (key: string, milliseconds: number) => void;
  readonly #runs = new Map<string, Run>();
  /** VMs at once, by plan. */
  readonly #plans = new Map<string, JobQueue>();
  /** Transfers at once, by provider: what a source bears does not depend on the plan. */
  readonly #providers = new Map<string, JobQueue>();

  /** @param again a key is to be looked at once more */
  constructor(
    services: Services,
    {
      sources,
      leave,
      again,
    }: { readonly sources: Sources; readonly leave: AbortSignal; readonly again: (key: string, milliseconds: number) => void },
  ) {
    this.#services = services;
    this.#sources = sources;
    this.#leave = leave;
    this.#again = again;
  }

  reconcile(key: string): Promise<undefined> {
    const { migrations, plans, providers } = this.#services;
    const vm = migrations.get(key);
    const run = this.#runs.get(vm?.uid ?? '');
    const plan = vm && plans.get(`${vm.namespace}/${vm.spec.planRef.name}`);
    const provider = plan && providers.get(`${plan.namespace}/${plan.spec.providerRef.name}`);
    if (vm === undefined || plan === undefined || provider === undefined) return Promise.resolve(undefined);
    const canceled = vm.deleting || vm.spec.canceled || plan.spec.canceled;
    if (run !== undefined) {
      if (canceled) run.cancel.abort();
      return Promise.resolve(undefined);
    }
    if (vm.deleting || this.#leave.aborted || !mayRun(vm, plan, canceled)) return Promise.resolve(undefined);
    this.#begin(vm, { plan, provider, canceled });
    return Promise.resolve(undefined);
  }

  /** Waits until every run has left. */
  async settled(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ done }) => done));
  }

  #begin(vm: VmResource, about: Parents & { readonly canceled: boolean }): void {
    const cancel = new AbortController();
    if (about.canceled) cancel.abort();
    const signal = AbortSignal.any([cancel.signal, this.#leave]);
    const { limits } = about.plan.spec;
    const queue = kept(this.#plans, about.plan.uid, () => this.#services.queue({ perPlan: limits?.vms ?? 10 }, 'vms'));
    // Who is canceled while it waits for a turn comes back at once, and ends without one.
    const turn = about.canceled
      ? this.#drive(vm, about, signal)
      : queue.submit(vm.uid, () => this.#drive(vm, about, signal), signal);
    const done = turn
      .then(
        () => undefined,
        (error: unknown) => {
          if (this.#leave.aborted) return;
          if (cancel.signal.aborted && error === cancel.signal.reason) return this.#again(vm.key, AT_ONCE);
          const code = error instanceof MigrationError ? error.code : 'bug';
          this.#services.log.warn({ vm: vm.key, code, cause: String(error) }, 'a VM does not go on for now');
          this.#again(vm.key, TRY_AGAIN);
        },
      )
      .finally(() => this.#runs.delete(vm.uid));
    this.#runs.set(vm.uid, { cancel, done });
  }

  async #drive(vm: VmResource, { plan, provider }: Parents, signal: AbortSignal): Promise<void> {
    const { clock, keptPlan, record: open, target: reach, tell } = this.#services;
    const owner = named(VM_KIND, vm);
    const vmPlan = await keptPlan(owner, this.#leave);
    const onPhase = (progress: VmProgress): void => tell(owner, eventOf(progress));
    const status: VmMigrationStatus = { ...vm.status, retried: vm.spec.retry };
    const record = open({ migration: vm, plan: vmPlan, status, onPhase, signal: this.#leave });
    try {
      const connection = await this.#sources.connection(provider);
      if (connection === undefined) throw new MigrationError('source-busy', `The Provider ${provider.name} is not ready.`);
      const { destination, copier } = reach({
        owner,
        namespace: vm.namespace,
        plan: vmPlan,
        source: workerSource(provider),
        leave: this.#leave,
      });
      const progress = await migrateVm(vmPlan, {
        ...{ connection, destination, copier, clock, signal, store: record, observer: record },
        transfers: this.#transfers(provider),
        verify: plan.spec.verify,
        powerOnAfterFailure: true,
        ...(plan.spec.shutdown && { shutdown: plan.spec.shutdown }),
        resume: true,
        leave: this.#leave,
      });
      if (progress.phase === 'Canceled')
        await destination.discard(AbortSignal.any([this.#leave, AbortSignal.timeout(CLEAR_UP_WITHIN)]));
    } catch (error) {
      if (!this.#leave.aborted && error instanceof MigrationError)
        await record.wait(error.code, `${error.message} ${error.hint}`.trim());
      throw error;
    }
  }

  #transfers({ uid, spec: { limits } }: ProviderResource): JobQueue {
    const { perHost = 4, perStorage = 8, total } = limits ?? {};
    return kept(this.#providers, uid, () =>
      this.#services.queue({ perHost, perDatastore: perStorage, ...(total !== undefined && { perPlan: total }) }, 'transfers'),
    );
  }
}

interface Parents {
  readonly plan: PlanResource;
  readonly provider: ProviderResource;
}

/** Whether there is anything to do for a VM that no run is about. */
function mayRun({ spec, status }: VmResource, plan: PlanResource, canceled: boolean): boolean {
  if (status?.targetName === undefined) return false;
  const { phase } = status;
  if (phase !== undefined && ENDED.has(phase)) {
    return phase !== 'Completed' && !canceled && !plan.spec.paused && spec.retry > (status.retried ?? 0);
  }
  if (canceled) return true;
  // What has begun comes to its end.
  if (phase !== undefined) return !spec.paused;
  if (spec.paused || plan.spec.paused || plan.spec.dryRun) return false;
  const assessed = plan.status?.conditions?.find(({ type }) => type === 'Assessed')?.status === 'True';
  return assessed && plan.status?.observedGeneration === plan.generation && (status.critical ?? 0) === 0;
}

function eventOf({ phase, failure }: VmProgress) {
  if (failure !== undefined && phase === 'Failed')
    return { type: 'Warning', reason: 'Failed', action: failure.phase, note: `${failure.message} ${failure.hint}` } as const;
  return { type: 'Normal', reason: phase, action: phase, note: `Phase ${phase}` } as const;
}

function kept<T>(all: Map<string, T>, key: string, make: () => T): T {
  const known = all.get(key);
  if (known !== undefined) return known;
  const made = make();
  all.set(key, made);
  return made;
}
