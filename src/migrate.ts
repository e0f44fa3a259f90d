/**
 * Drives migrations: advance → step → event → advance. (Read me third.)
 * Progress is durable after each event and before the next step, so that a killed process repeats one step at most.
 */
import type { Store } from './contracts/destination.ts';
import type { Hooks } from './contracts/hooks.ts';
import type { JobQueue } from './contracts/job-queue.ts';
import { MigrationError } from './model/errors.ts';
import { isTerminal } from './model/phase.ts';
import type { StepEvent, VmPlan, VmProgress } from './model/plan.ts';
import type { Outlook } from './model/precopy.ts';
import type { Report } from './model/report.ts';
import { advance, begin, isSetback, resume } from './plan/advance.ts';
import { downtimeOf } from './plan/downtime.ts';
import { type HookContext, MOMENTS, runHooks } from './steps/hooks.ts';
import { STEPS } from './steps/index.ts';
import { keptDisks } from './steps/source-changes.ts';
import { standDown } from './steps/stand-by.ts';
import type { StepContext } from './steps/step.ts';
import { plannedTransfers } from './steps/transfer-jobs.ts';
import { releaseCheckpoints, releaseHeld, startSourceAgain } from './steps/way-back.ts';

export interface MigrateContext extends Omit<StepContext, 'record'> {
  readonly store: Store;
  /** Plans a VM anew whose disks are others than they were; absent: that is a failure. @throws MigrationError where it cannot be migrated so */
  readonly replan?: (plan: VmPlan, signal: AbortSignal) => Promise<VmPlan>;
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
      const { plan, progress } = await seeThrough(entry.plan, context);
      const downtime = downtimeOf(plan, progress, entry.estimate);
      return { ...entry, vm: plan.vm, plan, progress, ...(downtime && { downtime }) };
    }),
  );
  const finished = { ...report, vms };
  await context.destination.publish(finished);
  return finished;
}

/** A VM that waits gives up its place, and asks for one again when something is due. */
async function seeThrough(first: VmPlan, context: MigrateContext): Promise<Stand> {
  const name = first.mapping.targetName;
  for (let stand: Stand | undefined; ; ) {
    const { plan = first } = stand ?? {};
    const again = { ...context, resume: context.resume || stand !== undefined };
    stand = await context.vms.submit(name, () => migrate(plan, again), NEVER);
    const { phase, outlook } = stand.progress;
    if (isTerminal(phase) || outlook === undefined || context.leave?.aborted === true) return stand;
    await somethingIsDue(stand.plan, outlook, context);
  }
}

/** Also when the run is canceled. */
async function somethingIsDue(plan: VmPlan, { at }: Outlook, { clock, wishes, signal }: MigrateContext): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const waits = [
    ...(at === undefined ? [] : [clock.sleep(Math.max(0, Date.parse(at) - clock.now()), either)]),
    ...(wishes === undefined ? [] : [wishes.changed(plan, either)]),
  ];
  if (waits.length === 0) throw new Error('a wait for nobody');
  await Promise.race(waits).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  over.abort();
  await Promise.allSettled(waits);
}

/** Where a VM is, and by which plan: it is another one when its disks changed meanwhile. */
interface Stand {
  readonly plan: VmPlan;
  readonly progress: VmProgress;
}

/**
 * Brings one VM by itself to a terminal phase, or to where it waits (then `outlook` says for what), or to where it is when it is left.
 * @throws what `migrateAll` throws before it begins
 */
export async function migrateVm(plan: VmPlan, context: Omit<MigrateContext, 'vms'>): Promise<VmProgress> {
  if (!context.signal.aborted) await makeReady([plan], context);
  return (await migrate(plan, context)).progress;
}

async function makeReady(plans: readonly VmPlan[], context: Omit<MigrateContext, 'vms'>): Promise<void> {
  await context.destination.check(plans, context);
  const jobs = (await Promise.all(plans.map((plan) => plannedTransfers(plan, context)))).flat();
  await context.copier.preflight(jobs, context.signal);
  await context.conversions?.check(plans, context.signal);
  await context.prover?.check(plans, context.signal);
  await context.destination.claim(plans, context);
}

/** Brings one VM to a terminal phase, or to where it waits. Rejects only for a bug or when progress cannot be stored. */
async function migrate(planned: VmPlan, context: Omit<MigrateContext, 'vms'>): Promise<Stand> {
  const { store, clock, observer, signal } = context;
  const at = () => new Date(clock.now()).toISOString();
  let plan = planned;
  let progress = await start(plan, context, at());
  let saving = Promise.resolve();

  // Disks of one VM finish at the same time: events take their turn, so that no write overtakes another.
  function apply(event: StepEvent): Promise<void> {
    progress = advance(plan, progress, event, at());
    const state = progress;
    saving = saving.then(() => store.save(state));
    return saving;
  }

  async function replanned(): Promise<StepEvent> {
    const next = await context.replan?.(plan, signal);
    if (next === undefined) throw new Error('nobody plans anew');
    const kept = keptDisks(plan.vm, next.vm);
    await standDown(plan, progress, context);
    plan = next;
    await context.destination.claim([plan], { resume: true, signal });
    return { kind: 'replanned', kept };
  }

  const hooks: HookContext = { ...context, ended: () => progress.hooks ?? [], record: apply, now: at };
  while (!isTerminal(progress.phase)) {
    observer.phase(plan, progress);
    const { before, after } = MOMENTS[plan.type][progress.phase] ?? {};
    const step = STEPS[progress.phase];
    const work = async (): Promise<StepEvent> => {
      await runHooks(before, plan, hooks);
      const done = await step(plan, progress, { ...context, record: apply });
      if (done.kind === 'done' || done.kind === 'skipped') await runHooks(after, plan, hooks);
      return done;
    };
    // Once it is at its target for good nothing is canceled any more.
    const first = await outcome(work, progress.phase === 'RetireSource' ? NEVER : signal);
    const isOther = first.kind === 'failed' && first.code === 'disks-changed' && context.replan !== undefined;
    const event = isOther ? await outcome(replanned, signal) : first;
    if (event.kind === 'parked') {
      if (!isSame(event.outlook, progress.outlook)) await apply(event);
      observer.parked?.(plan, progress);
      return { plan, progress };
    }
    if (event.kind === 'canceled' && context.leave?.aborted === true) return { plan, progress };
    const ended = event.kind === 'failed' || event.kind === 'canceled';
    if (!ended) {
      await apply(event);
      continue;
    }
    const isOver = event.kind === 'canceled' || !isSetback(progress, event.code);
    if (event.kind === 'failed' && isOver) await outcome(() => onFailure(plan, hooks), signal);
    // The next process comes to the same failure, and finds the hook that runs.
    if (event.kind === 'failed' && context.leave?.aborted === true) return { plan, progress };
    // A first copy goes on soon, from the same snapshot: it would be compared as a whole with any other.
    const released = !isOver && progress.phase === 'CopyDisks' ? undefined : await releaseHeld(plan, progress, context);
    if (released !== undefined) await apply(released);
    const forgotten = event.kind === 'canceled' ? await releaseCheckpoints(plan, progress, context) : undefined;
    if (forgotten !== undefined) await apply(forgotten);
    const ends = isOver ? await startSourceAgain(plan, progress, context) : {};
    await standDown(plan, progress, context);
    const hints = [event.kind === 'failed' ? event.hint : '', ends.hint ?? ''].filter((text) => text !== '');
    await apply({ ...event, ...ends, hint: hints.join(' ') });
  }
  observer.phase(plan, progress);
  return { plan, progress };
}

function isSame(one: Outlook, other: Outlook | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
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
