/** A DiskCopier that lets a worker Job do each copy. It stands for one VM. */
import type { CopyOptions, DiskCopier } from '../../contracts/disk-copier.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import type { WorkerSource } from '../../contracts/worker-order.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { PlannedTransfer, TransferJob, TransferProgress, TransferResult } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { type ClusterDestination, claimOf } from '../destination/cluster-destination.ts';
import { type WorkerJobs, workerName } from './worker-jobs.ts';

export interface JobCopierOptions {
  readonly jobs: WorkerJobs;
  readonly plan: VmPlan;
  readonly owner: ResourceName;
  readonly destination: ClusterDestination;
  /** Where the claims are. */
  readonly namespace: string;
  readonly source: WorkerSource;
  /** Jobs go on although this process ends. */
  readonly leave: AbortSignal;
}

export class JobCopier implements DiskCopier {
  readonly #options: JobCopierOptions;

  constructor(options: JobCopierOptions) {
    this.#options = options;
  }

  /** A claim is as large as its disk: the storage behind it answers when it is bound. */
  preflight(jobs: readonly PlannedTransfer[]): Promise<{ readonly needed: Bytes }> {
    return Promise.resolve({ needed: jobs.reduce((sum, { source }) => sum + source.capacity, 0) });
  }

  async copy(job: TransferJob, { signal, onProgress }: CopyOptions): Promise<TransferResult> {
    const { jobs, owner, namespace, plan, destination, source, leave } = this.#options;
    const record = { namespace, name: workerName(owner, job.disk) };
    const state = await jobs.look(record, signal);
    if (state.kind === 'failed') await jobs.remove(record);
    try {
      if (state.kind === 'none' || state.kind === 'failed') {
        const { metadata, spec } = claimOf(plan, job.disk);
        const target = { claim: metadata.name, block: spec.volumeMode === 'Block' };
        const from = source.kind === 'images' ? { sourceClaim: source.claim } : { secret: source.secret };
        const server = source.kind === 'server' ? { server: source.server } : {};
        await jobs.start(
          { name: record.name, owner, namespace, target, ...from },
          { kind: 'transfer', record, job, ...server },
          signal,
        );
      }
      const tell = (text: string): void => onProgress(JSON.parse(text) as TransferProgress);
      const result = JSON.parse(await jobs.wait(record, tell, signal)) as TransferResult;
      await destination.filled(plan, job.disk, result.proof?.root, signal);
      return result;
    } catch (error) {
      if (signal.aborted && !leave.aborted) await jobs.remove(record);
      throw error;
    }
  }
}
