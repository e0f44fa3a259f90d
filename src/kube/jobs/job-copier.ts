/** A DiskCopier that lets a worker Job do each copy. It stands for one VM. */
import type { BandwidthLimit } from '../../contracts/bandwidth.ts';
import type { CopyOptions, DiskCopier } from '../../contracts/disk-copier.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import type { WorkerSource } from '../../contracts/worker-order.ts';
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

/** Milliseconds that clearing up after a cancellation may take. */
const CLEAR_UP_WITHIN = 30_000;

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
    if (before.kind !== 'running' && before.kind !== 'none') await jobs.remove(ref);
    if (before.kind !== 'running') await this.#start(ref, job, signal);
    const onLine = (line: unknown): void => {
      if (isProgress(line)) options.onProgress(line);
    };
    const onObstacle = (because: string | undefined): void => options.onWait?.(because);
    const result = await jobs.wait(ref, { onLine, onObstacle }, signal);
    return isResult(result) ? result : undefined;
  }

  async #start(ref: JobRef, job: TransferJob, signal: AbortSignal): Promise<void> {
    const { client, jobs, owner, namespace, source, bandwidth, perNode } = this.#options;
    const disk = claimOf(this.#plan, job.disk);
    const claim = disk.metadata.name;
    const block = disk.spec.volumeMode === 'Block';
    if (block) {
      const name = this.#journalOf(job);
      const journal = journalClaim({ name, owner, namespace }, disk, job.source.capacity);
      // One of an earlier pass is as it is: not every class lets a claim grow with its disk, and there is room to spare.
      const isThere = job.delta !== undefined && (await client.get(CLAIMS, { namespace, name }, { signal })) !== undefined;
      if (!isThere) await client.apply(CLAIMS, journal, { signal, force: true });
    }
    const target = block ? ({ claim, block, journal: this.#journalOf(job) } as const) : ({ claim, block: false } as const);
    const about = { ...ref, owner, target };
    if (source.kind === 'images') {
      const from = await sourceClaim(client, { namespace: ref.namespace, name: source.claim }, signal);
      return await jobs.start({ ...about, source: from, order: { kind: 'transfer', job } }, signal, perNode);
    }
    const { secret, server, vddk } = source;
    const shares = sharesOf(job.source, source.shares);
    // The library is brought along only where it reads.
    const library = job.source.kind === 'vddk' && vddk !== undefined ? { vddk } : {};
    await jobs.start(
      {
        ...about,
        secret,
        ...library,
        shares,
        order: { kind: 'transfer', job, server, ...(bandwidth.length > 0 && { bandwidth }) },
      },
      signal,
      perNode,
    );
  }

  async #forgetJournal(job: Pick<TransferJob, 'disk'>, signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options;
    if (claimOf(this.#plan, job.disk).spec.volumeMode !== 'Block') return;
    await client.delete(CLAIMS, { namespace, name: this.#journalOf(job) }, { signal });
  }

  /** Each pass has a Job of its own, by the state of the source that it reads: a killed operator finds it again and mistakes none for another. */
  #nameOf({ disk, delta, staysOpen, snapshot = '' }: TransferJob): string {
    const { owner, attempt } = this.#options;
    const pass = staysOpen ? ` pass ${snapshot}` : delta === undefined ? '' : ' final';
    return workerName(owner, `${disk}${attempt === 0 ? '' : ` ${attempt}`}${pass}`);
  }

  /** The same in all tries: it knows itself which state of the source it is about. */
  #journalOf({ disk }: Pick<TransferJob, 'disk'>): string {
    return journalClaimName(this.#options.owner, disk);
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
