import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/** Milliseconds. */
const PATIENCE = 120_000;

/**
 * The VM is at its target for good, and its source is made so that nobody takes it for the VM. What cannot be done is told: it is no reason to call
 * the migration failed. Nothing asks for the way back any more, so a cancellation does not count.
 */
export async function retireSource(
  plan: VmPlan,
  _progress: VmProgress,
  { connection }: Pick<StepContext, 'connection'>,
): Promise<StepEvent> {
  const { afterCommit, vm } = plan;
  if (afterCommit === undefined) return { kind: 'skipped', because: 'Nothing was asked for.' };
  if (connection.retirement === undefined)
    return { kind: 'skipped', because: `Warning: ${connection.name} cannot rename, move or disconnect its VMs.` };
  try {
    await connection.retirement.retire(vm.ref, afterCommit, AbortSignal.timeout(PATIENCE));
    return { kind: 'done' };
  } catch (error) {
    const because =
      error instanceof DOMException ? 'it took too long.' : error instanceof MigrationError ? error.message : undefined;
    if (because === undefined) throw error;
    return { kind: 'skipped', because: `Warning: the source ${vm.name} could not be retired: ${because}` };
  }
}
