import { conversionRequest } from '../model/conversion-request.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import { journalOf } from '../model/transfer.ts';
import { guestWork } from './guest-work.ts';
import type { StepContext } from './step.ts';
import { targetsOf } from './transfer-jobs.ts';

/**
 * Makes the guest on the copied disks fit for its new machine, all disks or none. What was read from the source was proven before; what a
 * conversion wrote is hashed again.
 */
export async function convert(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const { conversion: terms } = plan;
  const { destination, conversions, record, signal } = context;
  if (terms === undefined || terms.policy === 'none') return skipped('Nobody was asked to look into the guest.');
  if (terms.policy === 'compatibility') return skipped('The guest keeps its drivers: it gets SATA disks and e1000e NICs.');
  const disks = targetsOf(plan, destination).map(({ disk, target }) => {
    const proof = progress.transfers.find(({ job }) => job.endsWith(`/${disk}`))?.proof;
    return {
      key: disk,
      path: target.path,
      ...(proof !== undefined && { proven: proof.size, root: proof.root, journal: journalOf(target) }),
    };
  });
  if (disks.length === 0) return skipped('The VM has no disk of its own.');
  if (conversions === undefined) throw new Error('nobody converts guests');
  const request = conversionRequest(plan, { disks, copy: copyOf(progress) });
  if (progress.conversion?.copy !== request.copy) {
    await record({ kind: 'converted', outcome: await conversions.convert(plan, request, guestWork(plan, context)) });
  }
  await conversions.release(plan, signal);
  return { kind: 'done' };
}

/** Names what is on the disks: when it was complete, and which one it was. */
function copyOf({ history, transfers, since }: VmProgress): string {
  const copied = history.findLast(({ phase }) => phase === 'CopyFinalDelta' || phase === 'CopyDisks');
  const roots = transfers.map(({ proof }) => (proof?.copied ?? proof?.root ?? '').slice(0, 16)).toSorted();
  return [copied?.endedAt ?? since, ...roots].join(' ');
}

function skipped(because: string): StepEvent {
  return { kind: 'skipped', because };
}
