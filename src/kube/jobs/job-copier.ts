/** A DiskCopier that lets a worker Job do each copy. It stands for one VM. */
import type { BandwidthLimit } from '../../contracts/bandwidth.ts';
import type { CopyOptions, DiskCopier, StandByDisk, StandByOptions } from '../../contracts/disk-copier.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import type { WorkerOrder, WorkerSource } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { DiskSource, PlannedTransfer, TransferJob, TransferResult } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { type ClusterDestination, claimOf } from '../destination/cluster-destination.ts';
import { textAt } from '../facts/json.ts';
import { CLAIMS, JOBS } from '../kinds.ts';
import type { JobRef } from './job-watch.ts';
import { journalClaim, journalClaimName } from './journal-claim.ts';
import type { MountedThings } from './pod-volumes.ts';
import { sourceClaim } from './source-claim.ts';
import { type WorkerJobs, workerName } from './worker-jobs.ts';
import { isProgress } from './worker-lines.ts';

export interface JobCopierOptions {
  readonly client: KubeClient;
  readonly jobs: WorkerJobs;
  readonly plan: VmPlan;
  readonly owner: ResourceName;
  readonly destination: ClusterDestination;
  /** Where the claims are. */
  readonly namespace: string;
  readonly source: WorkerSource;
  /**
   * Which try of the VM it is, from 0. Each has Jobs of its own: what one of an earlier try said may be about another state of the source, and
   * counts only when the caller still has it.
   */
  readonly attempt: number;
  /** Workers at once on one node; absent: nobody minds. */
  readonly perNode?: number;
  /** What a worker may read of it; all of them hold. */
  readonly bandwidth: readonly BandwidthLimit[];
  /** Jobs go on although this process ends. */
  readonly leave: AbortSignal;
}

/** Seconds after which a worker that stands by ends, if it was not called: sources are shut down within that, and nobody pauses a cutover for long. */
const STANDS_BY_FOR = 1800;
/** Milliseconds that a worker may take to stand by, before the source is shut down all the same. */
const STOOD_BY_WITHIN = 90_000;
/** Milliseconds that clearing up after a cancellation may take. */
const CLEAR_UP_WITHIN = 30_000;

interface Work {
  readonly disk: string;
  /** Absent for a worker that waits for its order. */
  readonly job?: TransferJob;
  readonly order: WorkerOrder;
}

export class JobCopier implements DiskCopier {
  readonly #options: JobCopierOptions;
  #plan: VmPlan;

  constructor(options: JobCopierOptions) {
    this.#options = options;
    this.#plan = options.plan;
  }

  /** The VM goes on by this plan: its disks are others. */
  replanned(plan: VmPlan): void {
    this.#plan = plan;
  }

  /** A claim is as large as its disk: the storage behind it answers when it is bound. */
  preflight(jobs: readonly PlannedTransfer[]): Promise<{ readonly needed: Bytes }> {
    return Promise.resolve({ needed: jobs.reduce((sum, { source }) => sum + source.capacity, 0) });
  }

  async copy(job: TransferJob, options: CopyOptions): Promise<TransferResult> {
    const { namespace, destination, leave, jobs } = this.#options;
    const plan = this.#plan;
    const { signal } = options;
    // A disk that stays open for further passes is not filled, whatever was said of it when it was closed before.
    if (job.staysOpen) await destination.reopened(plan, job.disk, signal);
    const earlier = job.staysOpen ? undefined : options.earlier?.get(job.id);
    if (earlier !== undefined && (await destination.isFilled(plan, job.disk, earlier.proof?.root, signal)))
      return { ...earlier, moved: 0 };
    const ref = { namespace, name: this.#nameOf(job) };
    try {
      // Twice, for a result that was lost with its Pod: the claim tells what is left to do.
      const result = (await this.#work(ref, job, options)) ?? (await this.#work(ref, job, options));
      if (result === undefined)
        throw new MigrationError('transfer-tool-failed', `The Job ${ref.name} ended, and nobody knows how.`);
      if (!job.staysOpen) await destination.filled(plan, job.disk, result.proof?.root, signal);
      return result;
    } catch (error) {
      if (signal.aborted && !leave.aborted) {
        await jobs.remove(ref);
        await this.#forgetJournal(job, AbortSignal.timeout(CLEAR_UP_WITHIN));
      }
      throw error;
    }
  }

  /**
   * A worker of the last pass waits in its Pod, with all its volumes, for the order. One that does not run when the order is there, or was lost
   * since, is replaced by one that begins with it.
   */
  async standBy(disks: readonly StandByDisk[], { signal, onWait }: StandByOptions): Promise<void> {
    await Promise.all(
      disks.map(async (disk) => {
        const ref = this.#lastOf(disk);
        const { kind } = await this.#options.jobs.look(ref, signal);
        const isThere = kind === 'standing-by' || kind === 'unready';
        if (!isThere) {
          // Whatever another one said was about a source that has run since.
          if (kind !== 'none') await this.#options.jobs.remove(ref);
          await this.#start(ref, { disk: disk.disk, order: { kind: 'stand-by', seconds: STANDS_BY_FOR } }, signal);
        }
        const onObstacle = (because: string | undefined): void => onWait?.(disk, because);
        await this.#options.jobs.stoodBy(ref, onObstacle, STOOD_BY_WITHIN, signal);
      }),
    );
  }

  async standDown(disks: readonly StandByDisk[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      disks.map(async (disk) => {
        const ref = this.#lastOf(disk);
        const { kind } = await this.#options.jobs.look(ref, signal);
        if (kind === 'standing-by' || kind === 'unready') await this.#options.jobs.remove(ref);
      }),
    );
  }

  /**
   * Jobs stay for a while, for whoever wants to read their logs. Those of passes go, because there may be many of them; one with a journal goes
   * with it, because its Pod would hold the journal's claim, which stays as long as a delta may follow, or the hashes in it are needed.
   */
  async release(job: TransferJob, signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options;
    const hasJournal = claimOf(this.#plan, job.disk).spec.volumeMode === 'Block';
    const isPass = job.staysOpen === true || job.delta !== undefined;
    if (hasJournal || isPass) await client.delete(JOBS, { namespace, name: this.#nameOf(job) }, { signal });
    if (!isPass && job.keepsHashes !== true) await this.#forgetJournal(job, signal);
  }

  /** A journal on the claim of the disk itself stays there: 32 bytes for each MiB, which no Pod could remove once the VM has the claim. */
  async forget(disk: Pick<TransferJob, 'disk'>, signal: AbortSignal): Promise<void> {
    await this.#forgetJournal(disk, signal);
  }

  /** Undefined where a Job has ended and its Pod is gone with what it said. */
  async #work(ref: JobRef, job: TransferJob, options: CopyOptions): Promise<TransferResult | undefined> {
    const { jobs } = this.#options;
    const { signal } = options;
    const before = await jobs.look(ref, signal);
    if (before.kind === 'done' && isResult(before.result)) return before.result;
    const order = this.#orderOf(job);
    const isThere = before.kind === 'running' || before.kind === 'standing-by';
    if (!isThere && before.kind !== 'none') await jobs.remove(ref);
    if (!isThere) await this.#start(ref, { disk: job.disk, job, order }, signal);
    const onLine = (line: unknown): void => {
      if (isProgress(line)) options.onProgress(line);
    };
    const onObstacle = (because: string | undefined): void => options.onWait?.(because);
    const result = await jobs.wait(ref, { onLine, onObstacle }, signal, order);
    return isResult(result) ? result : undefined;
  }

  async #start(ref: JobRef, { disk, job, order }: Work, signal: AbortSignal): Promise<void> {
    const { client, jobs, owner, namespace, perNode } = this.#options;
    const manifest = claimOf(this.#plan, disk);
    const claim = manifest.metadata.name;
    const block = manifest.spec.volumeMode === 'Block';
    const journal = journalClaimName(owner, disk);
    if (block) {
      const capacity = job?.source.capacity ?? this.#plan.vm.disks.find(({ key }) => key === disk)?.capacity ?? 0;
      // One of an earlier pass is as it is: not every class lets a claim grow with its disk, and there is room to spare.
      const isFirst = job !== undefined && job.delta === undefined;
      const isThere = !isFirst && (await client.get(CLAIMS, { namespace, name: journal }, { signal })) !== undefined;
      const made = journalClaim({ name: journal, owner, namespace }, manifest, capacity);
      if (!isThere) await client.apply(CLAIMS, made, { signal, force: true });
    }
    const target = block ? ({ claim, block, journal } as const) : ({ claim, block: false } as const);
    const things = await this.#sourceThings(job?.source, signal);
    await jobs.start({ ...ref, owner, target, ...things, order }, signal, perNode);
  }

  /** What is mounted of the source; for a disk that nobody has opened yet all that it may need. */
  async #sourceThings(opened: DiskSource | undefined, signal: AbortSignal): Promise<MountedThings> {
    const { client, namespace, source } = this.#options;
    if (source.kind === 'images') return { source: await sourceClaim(client, { namespace, name: source.claim }, signal) };
    const { secret, server, vddk, shares = [] } = source;
    // The library is brought along only where it reads.
    const needsLibrary =
      opened === undefined ? server.transport === 'auto' || server.transport === 'vddk' : opened.kind === 'vddk';
    return {
      secret,
      shares: opened === undefined ? shares : sharesOf(opened, shares),
      ...(needsLibrary && vddk !== undefined && { vddk }),
    };
  }

  #orderOf(job: TransferJob): WorkerOrder {
    const { source, bandwidth } = this.#options;
    if (source.kind === 'images') return { kind: 'transfer', job };
    return { kind: 'transfer', job, server: source.server, ...(bandwidth.length > 0 && { bandwidth }) };
  }

  async #forgetJournal(job: Pick<TransferJob, 'disk'>, signal: AbortSignal): Promise<void> {
    const { client, namespace, owner } = this.#options;
    if (claimOf(this.#plan, job.disk).spec.volumeMode !== 'Block') return;
    await client.delete(CLAIMS, { namespace, name: journalClaimName(owner, job.disk) }, { signal });
  }

  #lastOf({ disk }: StandByDisk): JobRef {
    return { namespace: this.#options.namespace, name: this.#nameOf({ disk, delta: {} }) };
  }

  /** Each pass has a Job of its own, by the state of the source that it reads: a killed operator finds it again and mistakes none for another. */
  #nameOf({ disk, delta, staysOpen, snapshot = '' }: Pick<TransferJob, 'disk' | 'delta' | 'staysOpen' | 'snapshot'>): string {
    const { owner, attempt } = this.#options;
    const pass = staysOpen ? ` pass ${snapshot}` : delta === undefined ? '' : ' final';
    return workerName(owner, `${disk}${attempt === 0 ? '' : ` ${attempt}`}${pass}`);
  }
}

/** The claims that a disk lies on, of those that the source has. */
function sharesOf(source: DiskSource, claims: readonly string[] = []): readonly string[] {
  if (source.kind !== 'shared-image') return [];
  const paths = source.layers.flatMap(({ file }) => (file.kind === 'mounted' ? [file.path] : []));
  return claims.filter((claim) => paths.some((path) => path.startsWith(`${WORKER_PATHS.shares}/${claim}/`)));
}

function isResult(said: unknown): said is TransferResult {
  return textAt(said, 'job') !== undefined && textAt(said, 'transport') !== undefined;
}
