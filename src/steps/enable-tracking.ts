import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';

/** Lets the source keep account of what changes from now on. Disks for which it cannot are compared as a whole each time. */
export async function enableTracking(
  plan: VmPlan,
  _progress: VmProgress,
  { connection, signal }: StepContext,
): Promise<StepEvent> {
  if (connection.snapshots === undefined || connection.changes === undefined) {
    throw new MigrationError('change-tracking-unavailable', `${connection.name} has no snapshots that tell what changed.`, {
      hint: 'Migrate cold.',
    });
  }
  const { tracked, untracked } = await connection.changes.enable(plan.vm.ref, signal);
  if (tracked.length > 0 || untracked.length === 0) return { kind: 'done' };
  const why = untracked.map(({ disk, because }) => `${disk}: ${because}`).join('; ');
  return { kind: 'skipped', because: `No disk can be tracked, each pass compares them as a whole (${why}).` };
}
