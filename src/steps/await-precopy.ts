import type { StepEvent, VmPlan, VmProgress, WarmProgress } from '../model/plan.ts';
import { afterSetback, type Decision, decide } from '../plan/warm/decide.ts';
import { forgetOutdated } from './checkpoints.ts';
import type { StepContext } from './step.ts';
import { wishesOf } from './wishes.ts';

/** Another precopy, the cutover, or giving up the place until something is due. */
export async function awaitPrecopy(plan: VmPlan, { warm }: VmProgress, context: StepContext): Promise<StepEvent> {
  if (warm === undefined) throw new Error('a precopy of a cold migration');
  const forgotten = await forgetOutdated(plan, warm, context);
  if (forgotten !== undefined) await context.record(forgotten);
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
