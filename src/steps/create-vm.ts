import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/**
 * Writes the VM's objects. It runs only after the last byte, because KubeVirt boots whatever a claim holds, and only while the source is off: the two
 * would answer to the same addresses.
 * @throws MigrationError `source-running`
 */
export async function createVm(
  plan: VmPlan,
  _progress: VmProgress,
  { connection, destination, signal }: StepContext,
): Promise<StepEvent> {
  if (connection.power !== undefined && (await connection.power.state(plan.vm.ref, signal)) !== 'off') {
    throw new MigrationError('source-running', `${plan.vm.name} runs again at its source.`);
  }
  await destination.createVm(plan, signal);
  return { kind: 'done' };
}
