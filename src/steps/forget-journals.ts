import { MigrationError } from '../model/errors.ts';
import type { VmPlan } from '../model/plan.ts';
import type { StepContext } from './step.ts';
import { isConverted, targetsOf } from './transfer-jobs.ts';

/**
 * The VM is at its target for good: no delta comes to its disks any more, and nobody changes them for it. What cannot be cleared up is no reason to call the migration failed.
 */
export async function forgetJournals(
  plan: VmPlan,
  { copier, destination, signal }: Pick<StepContext, 'copier' | 'destination' | 'signal'>,
): Promise<void> {
  if ((plan.type !== 'warm' && !isConverted(plan)) || copier.forget === undefined) return;
  for (const disk of targetsOf(plan, destination)) {
    try {
      await copier.forget(disk, signal);
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
    }
  }
}
