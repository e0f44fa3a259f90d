/**
 * What the source keeps for checkpoints of ours (Hyper-V: reference points). A newer one replaces an older one only when its content is on
 * the target; then the source may let go of the older. What could not be let go stays in the progress and is tried again.
 */
import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress, WarmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

type Source = Pick<StepContext, 'connection' | 'signal'>;

/** Milliseconds between the tries where no later phase tries again. */
const PAUSES = [2000, 10_000] as const;

/** Those that newer ones replaced. @returns what to note; undefined when there was nothing to do, or it did not work */
export async function forgetOutdated(
  plan: VmPlan,
  { outdated = [] }: WarmProgress,
  source: Source,
): Promise<StepEvent | undefined> {
  return await forget(plan, outdated, source);
}

/**
 * All of them: nothing asks any more what changed since. No later phase comes to it, so that it is tried again here, and what is left then is told.
 * @returns what to note; undefined when there was nothing to do
 */
export async function forgetAll(
  plan: VmPlan,
  { warm }: VmProgress,
  { clock, ...source }: Source & Pick<StepContext, 'clock'>,
): Promise<StepEvent | undefined> {
  if (warm === undefined || source.connection.changes?.forget === undefined) return undefined;
  const all = [...(warm.outdated ?? []), ...new Set(Object.values(warm.checkpoints))];
  if (all.length === 0) return undefined;
  for (const pause of PAUSES) {
    const forgotten = await forget(plan, all, source);
    if (forgotten !== undefined || source.signal.aborted) return forgotten ?? leftOf(plan, all, source);
    await clock.sleep(pause, source.signal).catch(() => undefined);
  }
  return (await forget(plan, all, source)) ?? leftOf(plan, all, source);
}

function leftOf({ vm }: VmPlan, checkpoints: readonly string[], { connection }: Source): StepEvent | undefined {
  const toDo = connection.changes?.byHand?.(vm.ref, checkpoints) ?? '';
  return toDo === '' ? undefined : { kind: 'checkpoints-left', toDo };
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
