/**
 * Who copies the last changes of a VM stands by before its source is shut down: what has to be started for it (in a cluster a Pod, with its image and
 * its volumes) is no downtime then.
 */
import type { VmPlan, VmProgress } from '../model/plan.ts';
import type { StepContext } from './step.ts';
import { targetsOf, transferId } from './transfer-jobs.ts';

/** Milliseconds. What does not go by then ends by itself. */
const PATIENCE = 120_000;

/** Those disks that have a place at once; the others are copied as soon as they have theirs. @throws MigrationError of DiskCopier.standBy */
export async function standBy(plan: VmPlan, context: StepContext): Promise<void> {
  const { copier, transfers, destination, observer, signal } = context;
  if (plan.type !== 'warm' || copier.standBy === undefined) return;
  const disks = targetsOf(plan, destination).filter(({ disk }) => transfers.reserve?.(transferId(plan, disk)) === true);
  if (disks.length === 0) return;
  await copier.standBy(disks, { signal, onWait: (disk, because) => observer.transferWaits?.(disk, because) });
}

/** It is not cut over now, or by another plan. Also after a cancellation, so the signal of the run does not count. */
export async function standDown(
  plan: VmPlan,
  { phase }: Pick<VmProgress, 'phase'>,
  { copier, destination }: Pick<StepContext, 'copier' | 'destination'>,
): Promise<void> {
  if (plan.type !== 'warm' || !STANDS_BY.has(phase)) return;
  // What cannot be sent away ends by itself, and is no reason to keep the source waiting.
  await copier.standDown?.(targetsOf(plan, destination), AbortSignal.timeout(PATIENCE)).catch(() => undefined);
}

/** Phases in which something may stand by. */
const STANDS_BY: ReadonlySet<VmProgress['phase']> = new Set(['AwaitCutover', 'PowerOffSource', 'CopyFinalDelta']);
