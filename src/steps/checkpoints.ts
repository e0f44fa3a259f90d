/**
 * What the source keeps for checkpoints of ours (Hyper-V: reference points). A newer one replaces an older one only when its content is on
 * the target; then the source may let go of the older. What could not be let go stays in the progress and is tried again.
 */
import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress, WarmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

type Source = Pick<StepContext, 'connection' | 'signal'>;

/** Those that newer ones replaced. @returns what to note; undefined when there was nothing to do, or it did not work */
export async function forgetOutdated(
  plan: VmPlan,
  { outdated = [] }: WarmProgress,
  source: Source,
): Promise<StepEvent | undefined> {
  return await forget(plan, outdated, source);
}

/** All of them: nothing asks any more what changed since. */
export async function forgetAll(plan: VmPlan, { warm }: VmProgress, source: Source): Promise<StepEvent | undefined> {
  if (warm === undefined || source.connection.changes?.forget === undefined) return undefined;
  return await forget(plan, [...(warm.outdated ?? []), ...new Set(Object.values(warm.checkpoints))], source);
}

async function forget(
  plan: VmPlan,
  checkpoints: readonly string[],
  { connection, signal }: Source,
): Promise<StepEvent | undefined> {
  if (checkpoints.length === 0) return undefined;
  try {
    await connection.changes?.forget?.(plan.vm.ref, checkpoints, signal);
    return { kind: 'checkpoints-forgotten', checkpoints };
  } catch (error) {
    if (error instanceof MigrationError || signal.aborted) return undefined;
    throw error;
  }
}
