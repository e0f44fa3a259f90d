import type { Checkpoints, SnapshotControl } from '../contracts/provider.ts';
import { MigrationError } from '../model/errors.ts';
import { SNAPSHOT_PREFIX } from '../model/our-snapshots.ts';
import type { StepEvent, VmPlan, VmProgress, WarmProgress } from '../model/plan.ts';
import type { HeldSnapshot } from '../model/precopy.ts';
import { sourceChanges } from './source-changes.ts';
import type { StepContext } from './step.ts';

const DESCRIPTION = 'Made for a warm migration, which removes it as soon as its content is copied.';

/**
 * Freezes the disks for the next pass. What an earlier pass left is removed first; one that a killed process made is found by its name.
 * Snapshots of precopies are as a power cut would leave the disks: the guest is shut down before the last pass, and that is the one that counts.
 */
export async function takeSnapshot(plan: VmPlan, { warm }: VmProgress, context: StepContext): Promise<StepEvent> {
  const { connection, record, clock, signal } = context;
  const { snapshots } = connection;
  if (warm === undefined || snapshots === undefined) throw new Error('a warm migration without snapshots');
  const pass = nextPass(warm);
  const kept = await leftBehind(plan, warm, { snapshots, context, pass });
  if (kept) return { kind: 'done' };
  await sourceChanges(plan, context);
  const name = snapshotName(plan, warm);
  const at = clock.now();
  const { id, checkpoints } = await snapshots.create(plan.vm.ref, { name, description: DESCRIPTION, quiesce: 'no' }, signal);
  const seconds = (clock.now() - at) / 1000;
  await record({ kind: 'snapshot-held', held: { id, name, pass, at: new Date(at).toISOString(), seconds, checkpoints } });
  return { kind: 'done' };
}

/** Of the snapshot for the next pass: whoever has forgotten whether it was made finds it by this. */
export function snapshotName({ mapping }: VmPlan, warm: WarmProgress): string {
  return `${SNAPSHOT_PREFIX} ${mapping.targetName} ${warm.id} ${nextPass(warm)}`;
}

function nextPass({ passes }: WarmProgress): number {
  return (passes.at(-1)?.number ?? 0) + 1;
}

/** @returns true when the snapshot of this pass is there already */
async function leftBehind(
  plan: VmPlan,
  { held }: WarmProgress,
  { snapshots, context, pass }: { readonly snapshots: SnapshotControl; readonly context: StepContext; readonly pass: number },
): Promise<boolean> {
  if (held === undefined) return false;
  const { record, signal } = context;
  const found = await snapshots.find(plan.vm.ref, held.name, signal);
  if (found !== undefined && found.id === held.id && held.pass === pass) return true;
  await releaseSnapshot(plan, held, context);
  await record({ kind: 'snapshot-released' });
  return false;
}

/** Lets go of a snapshot whose content was copied. @returns where the next deltas begin, where the source says that only now */
export async function settleSnapshot(
  plan: VmPlan,
  held: Pick<HeldSnapshot, 'id' | 'name'>,
  context: Pick<StepContext, 'connection' | 'signal'>,
): Promise<{ readonly checkpoints?: Checkpoints }> {
  const { snapshots } = context.connection;
  if (snapshots?.settle === undefined) {
    await releaseSnapshot(plan, held, context);
    return {};
  }
  const checkpoints = await snapshots.settle(plan.vm.ref, held, context.signal);
  return checkpoints === undefined ? {} : { checkpoints };
}

/** Removes the snapshot from the source. Nothing happens when somebody removed it already. */
export async function releaseSnapshot(
  plan: VmPlan,
  { id, name }: Pick<HeldSnapshot, 'id' | 'name'>,
  { connection, signal }: Pick<StepContext, 'connection' | 'signal'>,
): Promise<void> {
  const { snapshots } = connection;
  if (snapshots === undefined) return;
  try {
    await snapshots.remove(plan.vm.ref, id, signal);
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code !== 'snapshot-failed') throw error;
    // It may be gone all the same: the answer of a removal gets lost as easily as any other.
    if ((await snapshots.find(plan.vm.ref, name, signal)) !== undefined) throw error;
  }
}
