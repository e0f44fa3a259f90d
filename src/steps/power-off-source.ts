import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/** Brings the source to rest, so that no byte changes behind the copy. That it ran is durable before it is stopped. */
export async function powerOffSource(
  plan: VmPlan,
  _progress: VmProgress,
  { connection, shutdown, signal, record }: StepContext,
): Promise<StepEvent> {
  if (connection.power === undefined) return { kind: 'skipped', because: 'Image files are at rest.' };
  // What the plan says may be hours old.
  if ((await connection.power.state(plan.vm.ref, signal)) === 'off') {
    return { kind: 'skipped', because: 'The source is powered off.' };
  }
  await record({ kind: 'source-stopping' });
  await connection.power.powerOff(plan.vm.ref, signal, shutdown);
  return { kind: 'done' };
}
