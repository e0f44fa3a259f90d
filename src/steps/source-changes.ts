import { MigrationError } from '../model/errors.ts';
import type { VmPlan } from '../model/plan.ts';
import type { SourceVm } from '../model/vm.ts';
import type { StepContext } from './step.ts';

type Source = Pick<StepContext, 'connection' | 'signal'>;

/**
 * Compares the disks of the source with those of the plan, where the source can be asked for one VM. A VM that moved to another host or
 * datastore is the same VM; one with other disks has to be planned anew, which whoever drives the migration does.
 * @throws MigrationError `disks-changed`
 */
export async function sourceChanges(plan: VmPlan, source: Source): Promise<void> {
  const changes = await changesNow(plan, source);
  if (changes.length > 0) throw new MigrationError('disks-changed', `The disks of the source changed: ${changes.join('; ')}.`);
}

/** What is other than planned, in words; nothing where the source cannot be asked for one VM. */
export async function changesNow(plan: VmPlan, { connection, signal }: Source): Promise<readonly string[]> {
  const now = await connection.vm?.(plan.vm.ref, signal);
  return now === undefined ? [] : diskChanges(plan.vm, now);
}

/** In words, for people. */
function diskChanges(before: Pick<SourceVm, 'disks'>, now: Pick<SourceVm, 'disks'>): readonly string[] {
  const known = new Map(before.disks.map((disk) => [disk.key, disk]));
  const changes: string[] = [];
  for (const { key, label, capacity } of now.disks) {
    const earlier = known.get(key);
    known.delete(key);
    if (earlier === undefined) changes.push(`${label} was added`);
    else if (earlier.capacity !== capacity) changes.push(`${label} has ${capacity} bytes, it had ${earlier.capacity}`);
  }
  for (const { label } of known.values()) changes.push(`${label} was removed`);
  return changes;
}

/** Keys of the disks that are as they were. */
export function keptDisks(before: Pick<SourceVm, 'disks'>, now: Pick<SourceVm, 'disks'>): readonly string[] {
  const sizes = new Map(before.disks.map(({ key, capacity }) => [key, capacity]));
  return now.disks.filter(({ key, capacity }) => sizes.get(key) === capacity).map(({ key }) => key);
}
