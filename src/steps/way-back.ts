/**
 * What becomes of the two ends when a migration stops before its end: the snapshot that it holds is removed, and a source that it stopped runs
 * again. Also after a cancellation, so the signal of the run does not count.
 */
import type { Failure, StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import { forgetAll } from './checkpoints.ts';
import { releaseSnapshot, snapshotName } from './snapshot.ts';
import type { StepContext } from './step.ts';

/** Milliseconds. What is not done by then is told as it is: a KubeVirt guest has three minutes to shut down. */
const PATIENCE = 300_000;

type Ends = Pick<Failure, 'source' | 'target'> & { readonly hint?: string };

const ASK =
  'Its source stays off until somebody decides: take the VM back with `kubeferry rollback`, or retry it. Of a folder: start it at the source, or go on with --resume.';
type EndContext = Pick<StepContext, 'connection' | 'destination' | 'powerOnAfterFailure'>;

/**
 * Also one that was made a moment ago and is not noted yet: its answer may be lost with the cancellation.
 * @returns what to note of the snapshot; undefined when there was none, or when it is still there: the next try removes it
 */
export async function releaseHeld(
  plan: VmPlan,
  { warm, phase }: VmProgress,
  { connection }: Pick<StepContext, 'connection'>,
): Promise<StepEvent | undefined> {
  if (warm === undefined || (warm.held === undefined && phase !== 'Snapshot')) return undefined;
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const held = warm.held ?? (await connection.snapshots?.find(plan.vm.ref, snapshotName(plan, warm), signal));
    if (held === undefined) return undefined;
    await releaseSnapshot(plan, held, { connection, signal });
    return { kind: 'snapshot-released' };
  } catch {
    return undefined;
  }
}

/** A canceled migration asks no more what changed. */
export async function releaseCheckpoints(
  plan: VmPlan,
  progress: VmProgress,
  { connection, clock }: Pick<StepContext, 'connection' | 'clock'>,
): Promise<StepEvent | undefined> {
  return await forgetAll(plan, progress, { connection, clock, signal: AbortSignal.timeout(PATIENCE) });
}

/** Two of a VM must never run: where it may be at the target, it is made sure that it does not run there, or the source stays off. */
export async function startSourceAgain(plan: VmPlan, progress: VmProgress, context: EndContext): Promise<Ends> {
  const { connection, powerOnAfterFailure } = context;
  if (progress.sourceStopped !== true || connection.power === undefined) return {};
  // That is what was tried.
  if (progress.phase === 'RollBack') return { source: 'left-off' };
  const target = await stopTarget(plan, progress, context);
  if (target.target === 'unknown' || powerOnAfterFailure === false) return { source: 'left-off', ...target };
  if (powerOnAfterFailure === 'ask') return { source: 'left-off', ...target, hint: ASK };
  try {
    await connection.power.powerOn(plan.vm.ref, AbortSignal.timeout(PATIENCE));
    return { source: 'started-again', ...target };
  } catch {
    // Whatever kept it from starting, its owner has to be told that it does not run.
    return { source: 'left-off', ...target };
  }
}

/** Nothing to tell before the VM may have been made. */
async function stopTarget(
  plan: VmPlan,
  { history, phase }: VmProgress,
  { destination }: EndContext,
): Promise<Pick<Ends, 'target'>> {
  if (phase !== 'CreateVm' && !history.some((record) => record.phase === 'CreateVm')) return {};
  if (destination.discardVm === undefined) return {};
  try {
    return { target: await destination.discardVm(plan, AbortSignal.timeout(PATIENCE)) };
  } catch {
    return { target: 'unknown' };
  }
}
