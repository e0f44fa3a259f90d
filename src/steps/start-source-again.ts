import type { Failure, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/** A source that does not start again by then is told as left off. */
const PATIENCE_MS = 120_000;

/**
 * The way back: a source that this migration stopped runs again when the migration stops before its end. Also after a cancellation, so
 * the signal of the run does not count.
 */
export async function startSourceAgain(
  plan: VmPlan,
  progress: VmProgress,
  { connection, powerOnAfterFailure }: Pick<StepContext, 'connection' | 'powerOnAfterFailure'>,
): Promise<Pick<Failure, 'source'>> {
  if (progress.sourceStopped !== true || connection.power === undefined) return {};
  // The VM is in the cluster by then: two of it must never run.
  if (progress.history.some(({ phase }) => phase === 'CreateVm')) return { source: 'left-off' };
  if (!powerOnAfterFailure) return { source: 'left-off' };
  try {
    await connection.power.powerOn(plan.vm.ref, AbortSignal.timeout(PATIENCE_MS));
    return { source: 'started-again' };
  } catch {
    // Whatever kept it from starting, its owner has to be told that it does not run.
    return { source: 'left-off' };
  }
}
