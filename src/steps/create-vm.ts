import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import { forgetAll } from './checkpoints.ts';
import { forgetJournals } from './forget-journals.ts';
import { changesNow } from './source-changes.ts';
import type { StepContext } from './step.ts';

/**
 * Writes the VM's objects. It runs only after the last byte, because KubeVirt boots whatever a claim holds, and only while the source is off: the two
 * would answer to the same addresses. A disk that came to the source after the last pass would be missing.
 * @throws MigrationError `source-running`, `source-changed`
 */
export async function createVm(
  plan: VmPlan,
  progress: VmProgress,
  { connection, destination, copier, clock, record, signal }: StepContext,
): Promise<StepEvent> {
  if (connection.power !== undefined && (await connection.power.state(plan.vm.ref, signal)) !== 'off') {
    throw new MigrationError('source-running', `${plan.vm.name} runs again at its source.`);
  }
  const changes = await changesNow(plan, { connection, signal });
  if (changes.length > 0) {
    throw new MigrationError('source-changed', `Disks changed while ${plan.vm.name} was cut over: ${changes.join('; ')}.`, {
      hint: 'Retry it: the disks are planned anew.',
    });
  }
  await destination.createVm(plan, signal);
  const forgotten = await forgetAll(plan, progress, { connection, clock, signal });
  if (forgotten !== undefined) await record(forgotten);
  // Where it may be taken back its journals stay until it is final.
  if (!plan.itinerary.includes('AwaitCommit')) await forgetJournals(plan, { copier, destination, signal });
  return { kind: 'done' };
}
