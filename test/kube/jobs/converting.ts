/** What the tests of conversions need beside a cluster: a VM of two disks, whose copies are complete, and what the cluster says of its conversion. */
import type { ResourceName } from '../../../src/contracts/resources.ts';
import { ClusterDestination } from '../../../src/kube/destination/cluster-destination.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { JobConversions } from '../../../src/kube/jobs/job-conversions.ts';
import { workerSetup } from '../../../src/kube/jobs/worker-setup.ts';
import type { ConversionRequest } from '../../../src/model/conversion.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import type { Ground, Thing } from '../../scenarios/cluster/ground.ts';
import { CLOCK } from '../cluster.ts';
import { makeOwner, startWorkers, type Workers } from './bench.ts';

/** Keys of its disks: the first is on a claim with a file system, the second on a block device. */
export const KEYS = ['scsi0:0', 'scsi0:1'] as const;
export const COPY = '2030-01-01T00:00:00.000Z aa';

export interface Stage {
  readonly ground: Ground;
  readonly cluster: Cluster;
  readonly namespace: string;
}

export interface Copied extends AsyncDisposable {
  readonly owner: ResourceName;
  readonly plan: VmPlan;
  readonly request: ConversionRequest;
  readonly workers: Workers;
  /** As a process has them that was just started. */
  conversions(options?: { readonly attempt?: number; readonly leave?: AbortSignal }): JobConversions;
  pods(): Promise<readonly Thing[]>;
  /** The claim for what is not committed. */
  scratch(): Promise<Thing | undefined>;
  /** What the claims say that they hold. */
  filled(): Promise<readonly unknown[]>;
}

/** @param image of workers; those that convert have its tag with -conversion behind it @param capacity of each disk, in bytes */
export async function copied(name: string, image: string, capacity: number, stage: Stage): Promise<Copied> {
  const { ground, cluster, namespace } = stage;
  const { client } = cluster;
  const owner = await makeOwner(ground, namespace, name);
  const plan = planOf(name, capacity);
  const destination = new ClusterDestination({ client, clock: CLOCK, owner, namespace });
  const signal = AbortSignal.timeout(60_000);
  await destination.claim([plan], { resume: true, signal });
  for (const key of KEYS) await destination.filled(plan, key, 'aa', signal);
  const workers = await startWorkers(client, namespace, { image });
  const disks = KEYS.map((key) => ({ key, path: '/elsewhere', proven: capacity, root: 'aa', journal: '/elsewhere.journal' }));
  const ours = async (plural: string): Promise<readonly Thing[]> =>
    await ground.list(`/api/v1/namespaces/${namespace}/${plural}?labelSelector=kubeferry.dev%2Fmigration%3D${owner.uid}`);
  return {
    ...{ owner, plan, workers, request: { vm: name, copy: COPY, disks, firmware: 'bios', nics: [] } },
    conversions: ({ attempt = 0, leave = new AbortController().signal } = {}) => {
      const { jobs } = workers;
      const about = { client, clock: CLOCK, jobs, setup: workerSetup(image), owner, destination, namespace, converted: false };
      return new JobConversions({ ...about, attempt, leave });
    },
    pods: () => ours('pods'),
    scratch: async () => (await ours('persistentvolumeclaims')).find(({ metadata }) => metadata.name.endsWith('-guest')),
    filled: async () => {
      const claims = await Promise.all(plan.mapping.placements.map(({ claim }) => ground.claim(namespace, claim)));
      return claims.map((claim) => {
        const { annotations } = (claim?.metadata ?? {}) as { readonly annotations?: Readonly<Record<string, string>> };
        return annotations?.['kubeferry.dev/filled'];
      });
    },
    [Symbol.asyncDispose]: async () => await workers[Symbol.asyncDispose](),
  };
}

/** As much of a plan as claims and conversions read. */
function planOf(name: string, capacity: number): VmPlan {
  const claims = KEYS.map((_, index) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${name}-${index}` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: index === 0 ? 'Filesystem' : 'Block',
      storageClassName: STORAGE_CLASSES.immediate,
      resources: { requests: { storage: `${capacity / 2 ** 20}Mi` } },
    },
  }));
  const vm = { ref: { id: name, name }, name, disks: KEYS.map((key) => ({ key, capacity })) };
  const placements = KEYS.map((disk, index) => ({ disk, claim: `${name}-${index}` }));
  const mapping = { targetName: name, placements, manifests: claims };
  return { vm, type: 'cold', itinerary: [], mapping, conversion: { policy: 'convert' } } as unknown as VmPlan;
}

/** Who watches, and what was told. */
export function watched(signal: AbortSignal = AbortSignal.timeout(300_000)) {
  const told: string[] = [];
  return { signal, told, onProgress: (text: string) => void told.push(text), onWait: () => undefined };
}
