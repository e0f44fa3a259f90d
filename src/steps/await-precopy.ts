import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress, WarmProgress } from '../model/plan.ts';
import type { Outlook } from '../model/precopy.ts';
import { afterSetback, type Decision, decide } from '../plan/warm/decide.ts';
import { forgetOutdated } from './checkpoints.ts';
import { releaseSnapshot } from './snapshot.ts';
import type { StepContext } from './step.ts';
import { wishesOf } from './wishes.ts';

/** Another precopy, the cutover, or giving up the place until something is due. */
export async function awaitPrecopy(plan: VmPlan, { warm }: VmProgress, context: StepContext): Promise<StepEvent> {
  if (warm === undefined) throw new Error('a precopy of a cold migration');
  const forgotten = await forgetOutdated(plan, warm, context);
  if (forgotten !== undefined) await context.record(forgotten);
  const left = await withoutSnapshot(plan, warm, context);
  if (left !== undefined) return { kind: 'parked', outlook: left };
  const { held } = wishesOf(plan, context);
  if (held !== undefined) return { kind: 'parked', outlook: { next: 'precopy', because: held } };
  const decision = decideOn(plan, warm, context);
  switch (decision.kind) {
    case 'cutover':
      return { kind: 'done' };
    case 'precopy':
      return { kind: 'turned', to: 'Snapshot' };
    case 'wait':
      return { kind: 'parked', outlook: decision.outlook };
  }
}

/** Milliseconds after which a snapshot is asked to go once more. */
const RELEASE_AGAIN = 30_000;

/**
 * A pass that failed because its source was away has left its snapshot there: no wait goes by with it. That of a first copy stays, because the copy
 * goes on with it soon, and would be compared as a whole with any other.
 * @returns what the VM waits for as long as the snapshot does not go
 */
async function withoutSnapshot(plan: VmPlan, { held, passes }: WarmProgress, context: StepContext): Promise<Outlook | undefined> {
  if (held === undefined || passes.length === 0) return undefined;
  try {
    await releaseSnapshot(plan, held, context);
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    const at = new Date(context.clock.now() + RELEASE_AGAIN).toISOString();
    return { next: 'precopy', at, because: `the snapshot of the last pass is still there, and has to go: ${error.message}` };
  }
  await context.record({ kind: 'snapshot-released' });
  return undefined;
}

/** By what is wished and known now. */
export function decideOn(plan: VmPlan, { passes, setback }: WarmProgress, context: StepContext): Decision {
  const [first, ...later] = passes;
  const { warm: terms } = plan;
  const now = context.clock.now();
  if (first === undefined && setback !== undefined) return afterSetback(setback, now);
  if (first === undefined || terms === undefined) throw new Error('a wait before the first copy, or of a cold migration');
  const { schedule, cutoverAt } = wishesOf(plan, context);
  const capacity = plan.vm.disks.reduce((sum, disk) => sum + disk.capacity, 0);
  const situation = { passes: [first, ...later] as const, capacity, terms, schedule };
  const more = { ...(cutoverAt !== undefined && { cutoverAt }), ...(setback !== undefined && { setback }) };
  return decide({ ...situation, ...more }, now);
}
