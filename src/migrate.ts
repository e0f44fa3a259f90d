/**
 * Drives migrations: advance → step → event → advance. (Read me third.)
 * Progress is durable after each event and before the next step, so that a killed process repeats one step at most.
 */
import type { Clock } from './contracts/clock.ts';
import type { Store } from './contracts/destination.ts';
import type { Hooks } from './contracts/hooks.ts';
import type { JobQueue } from './contracts/job-queue.ts';
import { MigrationError } from './model/errors.ts';
import { isTerminal } from './model/phase.ts';
import type { StepEvent, VmPlan, VmProgress } from './model/plan.ts';
import type { Report } from './model/report.ts';
import { advance, begin, resume } from './plan/advance.ts';
import { type HookContext, MOMENTS, runHooks } from './steps/hooks.ts';
import { STEPS } from './steps/index.ts';
import { startSourceAgain } from './steps/start-source-again.ts';
import type { StepContext } from './steps/step.ts';
import { plannedTransfers } from './steps/transfer-jobs.ts';

export interface MigrateContext extends Omit<StepContext, 'record'> {
  readonly store: Store;
  readonly clock: Clock;
  /** Somebody else's work at named moments; none when absent. */
  readonly hooks?: Hooks;
  /** Orders whole VMs. */
  readonly vms: JobQueue;
  /** Continue what an earlier run began. */
  readonly resume: boolean;
  /**
   * The process is asked to end. VMs stay where they are, and nothing more is written about them: the next process goes on with them.
   * `signal` aborts with it.
   */
  readonly leave?: AbortSignal;
}

/** A VM that still waits in the queue when the run is canceled is started all the same: it ends at once as Canceled. */
const NEVER = new AbortController().signal;

/**
 * Migrates every VM of a prepared report and returns the report with what happened, also published at the destination.
 * One VM's failure does not stop the others; it is in its progress. Nothing is written before the whole run was found possible.
 * @throws MigrationError `vm-not-found` when there is nothing to migrate, `target-occupied`, `space-insufficient`, and what opening a disk can throw
 */
export async function migrateAll(report: Report, context: MigrateContext): Promise<Report> {
  const plans = report.vms.map(({ plan }) => plan);
  if (plans.length === 0) throw new MigrationError('vm-not-found', `${report.source} holds no VM to migrate.`);
  await makeReady(plans, context);
  const vms = await Promise.all(
    report.vms.map(async (entry) => {
      const name = entry.plan.mapping.targetName;
      const progress = await context.vms.submit(name, () => migrate(entry.plan, context), NEVER);
      return { ...entry, progress };
    }),
  );
  const finished = { ...report, vms };
  await context.destination.publish(finished);
  return finished;
}

/**
 * Brings one VM by itself to a terminal phase, or to where it is when it is left.
 * @throws what `migrateAll` throws before it begins
 */
export async function migrateVm(plan: VmPlan, context: Omit<MigrateContext, 'vms'>): Promise<VmProgress> {
  if (!context.signal.aborted) await makeReady([plan], context);
  return await migrate(plan, context);
}

async function makeReady(plans: readonly VmPlan[], context: Omit<MigrateContext, 'vms'>): Promise<void> {
  await context.destination.check(plans, context);
  const jobs = (await Promise.all(plans.map((plan) => plannedTransfers(plan, context)))).flat();
  await context.copier.preflight(jobs, context.signal);
  await context.destination.claim(plans, context);
}

/** Brings one VM to a terminal phase. Rejects only for a bug or when progress cannot be stored. */
async function migrate(plan: VmPlan, context: Omit<MigrateContext, 'vms'>): Promise<VmProgress> {
  const { store, clock, observer } = context;
  const at = () => new Date(clock.now()).toISOString();
  let progress = await start(plan, context, at());
  let saving = Promise.resolve();

  // Disks of one VM finish at the same time: events take their turn, so that no write overtakes another.
  function apply(event: StepEvent): Promise<void> {
    progress = advance(progress, event, at());
    const state = progress;
    saving = saving.then(() => store.save(state));
    return saving;
  }

  const hooks: HookContext = { ...context, ended: () => progress.hooks ?? [], record: apply, now: at };
  while (!isTerminal(progress.phase)) {
    observer.phase(plan, progress);
    const { before, after } = MOMENTS[progress.phase] ?? {};
    const step = STEPS[progress.phase];
    const work = async (): Promise<StepEvent> => {
      await runHooks(before, plan, hooks);
      const done = await step(plan, progress, { ...context, record: apply });
      await runHooks(after, plan, hooks);
      return done;
    };
    const event = await outcome(work, context.signal);
    if (event.kind === 'canceled' && context.leave?.aborted === true) return progress;
    if (event.kind === 'failed') await outcome(() => onFailure(plan, hooks), context.signal);
    // The next process comes to the same failure, and finds the hook that runs.
    if (event.kind === 'failed' && context.leave?.aborted === true) return progress;
    const ended = event.kind === 'failed' || event.kind === 'canceled';
    await apply(ended ? { ...event, ...(await startSourceAgain(plan, progress, context)) } : event);
  }
  observer.phase(plan, progress);
  return progress;
}

/** Whatever becomes of these hooks, the failure stays the one that they were run for. */
async function onFailure(plan: VmPlan, hooks: HookContext): Promise<StepEvent> {
  await runHooks('OnFailure', plan, hooks);
  return { kind: 'done' };
}

async function start(plan: VmPlan, context: Pick<MigrateContext, 'resume' | 'store'>, at: string): Promise<VmProgress> {
  const earlier = context.resume ? await context.store.load(plan.mapping.targetName) : undefined;
  if (earlier === undefined) return begin(plan, at);
  const again = resume(earlier, at);
  // What stopped it is over: whoever looks, or begins anew after a kill, sees it under way.
  if (again !== earlier) await context.store.save(again);
  return again;
}

/** Sorts trouble into its channels: cancellation and the world's failures are events, a bug is thrown on. */
async function outcome(step: () => Promise<StepEvent>, signal: AbortSignal): Promise<StepEvent> {
  try {
    if (signal.aborted) return { kind: 'canceled' };
    return await step();
  } catch (error) {
    if (signal.aborted) return { kind: 'canceled' };
    if (error instanceof MigrationError) return { kind: 'failed', code: error.code, message: error.message, hint: error.hint };
    throw error;
  }
}
