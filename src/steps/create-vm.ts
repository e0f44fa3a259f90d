import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/** Writes the VM's objects. It runs only after the last byte, because KubeVirt boots whatever a claim holds. */
export async function createVm(plan: VmPlan, _progress: VmProgress, { destination, signal }: StepContext): Promise<StepEvent> {
  await destination.createVm(plan, signal);
  return { kind: 'done' };
}
