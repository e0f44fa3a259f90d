import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { SinceCutover } from '../model/since-cutover.ts';
import type { StepContext } from './step.ts';

/**
 * The source runs again. What the VM at the target wrote meanwhile is lost for it: whether there is anything is told for each disk. Who cannot look
 * says so; that is no failure.
 */
export async function inspectTarget(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const { destination, record, signal } = context;
  if (destination.writtenSince === undefined)
    return { kind: 'skipped', because: 'Nobody can tell here what the VM at the target wrote.' };
  const disks = await destination.writtenSince(plan, progress, signal).catch((error: unknown): readonly SinceCutover[] => {
    if (signal.aborted || !(error instanceof MigrationError)) throw error;
    return plan.mapping.placements.map(({ disk }) => ({ disk, content: 'unknown' }));
  });
  await record({ kind: 'target-inspected', disks });
  return { kind: 'done' };
}
