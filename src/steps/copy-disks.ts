import type { Destination } from '../contracts/destination.ts';
import type { Uses } from '../contracts/job-queue.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';
import type { TransferJob } from '../model/transfer.ts';
import type { StepContext } from './step.ts';
import { transferJobs } from './transfer-jobs.ts';

/**
 * Moves all disks of the VM side by side, as far as the queue lets them. When one fails its siblings still finish, so that
 * the next run finds them done.
 */
export async function copyDisks(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const jobs = await transferJobs(plan, context);
  if (jobs.length === 0) return { kind: 'skipped', because: 'The VM has no disk to move.' };
  const earlier = new Map(progress.transfers.map((result) => [result.job, result]));
  const outcomes = await Promise.allSettled(
    jobs.map(async (job) => {
      const uses = await usesOf(plan, job, context.destination);
      await context.transfers.submit(job.id, () => copyDisk(job, earlier, context), context.signal, { uses });
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return { kind: 'done' };
}

/** What the copy burdens. */
async function usesOf(plan: VmPlan, { disk: key }: TransferJob, destination: Destination): Promise<Uses> {
  const { vm } = plan;
  const host = vm.placement?.host;
  const storage = vm.disks.find((disk) => disk.key === key)?.storage;
  const target = await destination.receiver?.(plan, key);
  return {
    ...(host !== undefined && { sourceHost: host }),
    ...(storage !== undefined && { datastore: storage.id }),
    ...(target !== undefined && { target }),
  };
}

async function copyDisk(
  job: TransferJob,
  earlier: ReadonlyMap<string, VmProgress['transfers'][number]>,
  context: StepContext,
): Promise<void> {
  const { copier, observer, signal } = context;
  const { access } = context.connection;
  observer.transferStarts(job);
  try {
    const result = await copier.copy(job, {
      signal,
      earlier,
      ...(access !== undefined && { access }),
      onProgress: (moved) => observer.transferMoves(moved),
      onWait: (because) => observer.transferWaits?.(job, because),
    });
    await context.record({ kind: 'transferred', result });
    await copier.release?.(job, signal);
    observer.transferEnds(job);
  } catch (error) {
    observer.transferEnds(job, error instanceof Error ? error.message : String(error));
    throw error;
  }
}
