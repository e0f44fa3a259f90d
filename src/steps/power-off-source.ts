import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/** Brings the source to rest, so that no byte changes behind the copy. */
export async function powerOffSource(
  plan: VmPlan,
  _progress: VmProgress,
  { connection, signal }: StepContext,
): Promise<StepEvent> {
  if (connection.power === undefined) return { kind: 'skipped', because: 'Image files are at rest.' };
  if (plan.vm.power === 'off') return { kind: 'skipped', because: 'The source is powered off.' };
  await connection.power.powerOff(plan.vm.ref, signal);
  return { kind: 'done' };
}
