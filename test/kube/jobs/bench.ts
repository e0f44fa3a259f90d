/** What the tests of workers need beside a cluster: an owner, a plan of one disk, a copier, and a count of what is written. */
import type { CopyOptions } from '../../../src/contracts/disk-copier.ts';
import type { ResourceName } from '../../../src/contracts/resources.ts';
import type { WorkerSource } from '../../../src/contracts/worker-order.ts';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import { ClusterDestination } from '../../../src/kube/destination/cluster-destination.ts';
import { JobCopier } from '../../../src/kube/jobs/job-copier.ts';
import { JobWatch } from '../../../src/kube/jobs/job-watch.ts';
import { WorkerJobs } from '../../../src/kube/jobs/worker-jobs.ts';
import { type WorkerSetup, workerSetup } from '../../../src/kube/jobs/worker-setup.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import type { DiskSource, TransferJob, TransferResult } from '../../../src/model/transfer.ts';
import { expectApi } from '../../peers/kubernetes-api.ts';
import { type Ground, IMAGES } from '../../scenarios/cluster/ground.ts';
import { CLOCK } from '../cluster.ts';

export const DISK = 'scsi0:0';
const MiB = 1024 * 1024;

/** A VmMigration that owns what is made. Its plan does not exist: nobody acts on it. */
export async function makeOwner(ground: Ground, namespace: string, name: string): Promise<ResourceName> {
  const path = `/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/vmmigrations`;
  const { metadata } = await expectApi<{ metadata: { uid: string } }>(ground.plane.api, 'POST', path, {
    apiVersion: 'kubeferry.dev/v1alpha1',
    kind: 'VmMigration',
    metadata: { name },
    spec: { planRef: { name: 'none' }, vm: { id: name, name } },
  });
  return { kind: 'VmMigration', namespace, name, uid: metadata.uid };
}

export interface Target {
  readonly name: string;
  readonly storageClass: string;
  readonly volumeMode: 'Filesystem' | 'Block';
  readonly capacity: number;
}

/** As much of a plan as claims and copies read. */
export function planFor({ name, storageClass, volumeMode, capacity }: Target): VmPlan {
  const size = volumeMode === 'Block' ? capacity : capacity + 64 * MiB;
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${name}-disk` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode,
      storageClassName: storageClass,
      resources: { requests: { storage: `${Math.ceil(size / MiB)}Mi` } },
    },
  };
  const vm = { ref: { id: name, name }, name, disks: [{ key: DISK, capacity }] };
  const mapping = { targetName: name, placements: [{ disk: DISK, claim: `${name}-disk` }], manifests: [claim] };
  return { vm, type: 'cold', itinerary: [], mapping } as unknown as VmPlan;
}

export interface Workers extends AsyncDisposable {
  readonly jobs: WorkerJobs;
  readonly watch: JobWatch;
}

export async function startWorkers(client: KubeClient, namespace: string, setup: Partial<WorkerSetup> = {}): Promise<Workers> {
  const stop = new AbortController();
  const watch = new JobWatch({ client, clock: CLOCK, namespace, onTrouble: () => undefined });
  const running = watch.run(stop.signal);
  await watch.synced;
  const jobs = new WorkerJobs({ client, watch, setup: { ...workerSetup(IMAGES.worker), ...setup }, every: 200 });
  return {
    jobs,
    watch,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

export interface Copy {
  readonly client: KubeClient;
  readonly jobs: WorkerJobs;
  readonly owner: ResourceName;
  readonly plan: VmPlan;
  readonly from: WorkerSource;
  readonly source: DiskSource;
  readonly attempt?: number;
  readonly perNode?: number;
  /** Of the job. */
  readonly more?: Partial<TransferJob>;
}

interface Copying {
  readonly copier: JobCopier;
  readonly job: TransferJob;
}

/** What copies the disk, and what it is asked to do. */
export async function copying(
  { client, jobs, owner, plan, from, source, attempt = 0, perNode, more = {} }: Copy,
  signal: AbortSignal = AbortSignal.timeout(400_000),
): Promise<Copying> {
  const { namespace } = owner;
  const destination = new ClusterDestination({ client, clock: CLOCK, owner, namespace });
  await destination.claim([plan], { resume: true, signal });
  const leave = new AbortController().signal;
  const copier = new JobCopier({
    client,
    jobs,
    plan,
    owner,
    destination,
    namespace,
    source: from,
    attempt,
    bandwidth: [],
    ...(perNode !== undefined && { perNode }),
    leave,
  });
  const target = destination.diskTarget(plan, DISK);
  return { copier, job: { id: `${owner.name}/${DISK}`, vm: owner.name, disk: DISK, source, target, verify: true, ...more } };
}

/** Makes the claim and lets a worker fill it. */
export async function copyDisk(copy: Copy, options: Partial<CopyOptions> = {}): Promise<TransferResult> {
  const { signal = AbortSignal.timeout(400_000), ...rest } = options;
  const { copier, job } = await copying(copy, signal);
  const result = await copier.copy(job, { onProgress: () => undefined, ...rest, signal });
  await copier.release(job, signal);
  return result;
}
