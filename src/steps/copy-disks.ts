import type { Destination } from '../contracts/destination.ts';
import type { Uses } from '../contracts/job-queue.ts';
import { MigrationError } from '../model/errors.ts';
import type { StepEvent, VmPlan, VmProgress, WarmProgress } from '../model/plan.ts';
import type { HeldSnapshot } from '../model/precopy.ts';
import type { TransferJob, TransferResult } from '../model/transfer.ts';
import { releaseSnapshot, settleSnapshot } from './snapshot.ts';
import { sourceChanges } from './source-changes.ts';
import type { StepContext } from './step.ts';
import { type JobRequest, transferJobs } from './transfer-jobs.ts';

const NO_DISK = { kind: 'skipped', because: 'The VM has no disk to move.' } as const;

/**
 * Moves all disks of the VM: of one at rest, or of the snapshot that holds still for the first or a further pass of a warm migration. A
 * snapshot is removed as soon as its content is on the target and that is noted.
 */
export async function copyDisks(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  const { warm } = progress;
  if (warm === undefined) return (await copyAll(plan, progress, context)) === undefined ? NO_DISK : { kind: 'done' };
  if (warm.held === undefined) return { kind: 'turned', to: 'Snapshot' };
  return await copyPass(plan, progress, { ...context, warm, held: warm.held });
}

/**
 * The last pass of a warm migration: the source is off, so its disks are read as they are. Their targets are proven and closed.
 * @throws MigrationError `disks-changed`, and those of the copies
 */
export async function copyFinalDelta(plan: VmPlan, progress: VmProgress, context: StepContext): Promise<StepEvent> {
  // The last look: what was plugged in since the last snapshot would be lost.
  await sourceChanges(plan, context);
  const { checkpoints = {} } = progress.warm ?? {};
  const done = await copyAll(plan, progress, context, { since: checkpoints });
  return done === undefined ? NO_DISK : { kind: 'done' };
}

interface PassContext extends StepContext {
  readonly warm: WarmProgress;
  readonly held: HeldSnapshot;
}

async function copyPass(plan: VmPlan, progress: VmProgress, context: PassContext): Promise<StepEvent> {
  const { warm, held, clock, connection, record, signal } = context;
  if (warm.passes.at(-1)?.number !== held.pass) {
    // Somebody removed it, or the VM was reverted to an older one, which takes those behind it along.
    const found = await connection.snapshots?.find(plan.vm.ref, held.name, signal);
    if (found?.id !== held.id) {
      await record({ kind: 'snapshot-released' });
      return { kind: 'turned', to: 'Snapshot' };
    }
    const began = clock.now();
    const results = await copyFrozen(plan, progress, context);
    if (results === undefined) {
      await releaseSnapshot(plan, held, context);
      await record({ kind: 'snapshot-released' });
      return { kind: 'turned', to: 'Snapshot' };
    }
    // Where disks wait for places or Pods, the clock on the wall says nothing about how fast they are copied.
    const working = results.reduce((sum, { seconds }) => sum + seconds, 0);
    const compared = results.find((result) => result.compared !== undefined && result.moved > 0);
    const pass = {
      number: held.pass,
      checkpointAt: held.at,
      bytes: results.reduce((sum, { moved }) => sum + moved, 0),
      copySeconds: Math.min((clock.now() - began) / 1000, working),
      snapshotSeconds: held.seconds,
      ...(compared?.compared !== undefined && { compared: { bytes: compared.moved, because: compared.compared } }),
    };
    // Where a checkpoint is known only later, the one before still counts: what changed since then is in what changed since that one.
    const checkpoints = connection.snapshots?.settle === undefined ? held.checkpoints : warm.checkpoints;
    await record({ kind: 'pass-ended', pass, checkpoints });
  }
  await record({ kind: 'snapshot-released', ...(await settleSnapshot(plan, held, context)) });
  return { kind: 'done' };
}

/** Undefined where the VM was planned anew since it was frozen: the snapshot knows nothing of a disk that came later. */
async function copyFrozen(
  plan: VmPlan,
  progress: VmProgress,
  context: PassContext,
): Promise<readonly TransferResult[] | undefined> {
  const { held, warm } = context;
  try {
    return (await copyAll(plan, progress, context, { snapshot: held.id, since: warm.checkpoints, staysOpen: true })) ?? [];
  } catch (error) {
    if (error instanceof MigrationError && error.code === 'disks-changed') return undefined;
    throw error;
  }
}

/**
 * All disks side by side, as far as the queue lets them. When one fails its siblings still finish, so that the next run finds them done.
 * @returns undefined when the VM has no disk to move
 */
async function copyAll(
  plan: VmPlan,
  progress: VmProgress,
  context: StepContext,
  request: JobRequest = {},
): Promise<readonly TransferResult[] | undefined> {
  const jobs = await transferJobs(plan, context, request);
  if (jobs.length === 0) return undefined;
  const earlier = new Map(progress.transfers.map((result) => [result.job, result]));
  const outcomes = await Promise.allSettled(
    jobs.map(async (job) => {
      const uses = await usesOf(plan, job, context.destination);
      const priority = request.snapshot === undefined && request.since !== undefined ? AT_CUTOVER : 0;
      return await context.transfers.submit(job.id, () => copyDisk(job, earlier, context), context.signal, { uses, priority });
    }),
  );
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** A VM that is off goes before those that run. */
const AT_CUTOVER = 100;

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
  earlier: ReadonlyMap<string, TransferResult>,
  context: StepContext,
): Promise<TransferResult> {
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
    return result;
  } catch (error) {
    observer.transferEnds(job, error instanceof Error ? error.message : String(error));
    throw error;
  }
}
