/**
 * A worker as Kubernetes sees it: a Job with one Pod that may do nothing but read its volumes, write its disk and say how far it is. It passes the
 * restricted pod security level, and its account may change one ConfigMap.
 */
import type { ResourceName } from '../../contracts/resources.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { objectOf } from '../resources/collection.ts';
import { madeFor } from '../runtime/owners.ts';

export interface WorkerSetup {
  /** Image of this program. */
  readonly image: string;
  /** Requests of a worker, as quantities. */
  readonly requests: { readonly cpu: string; readonly memory: string };
}

export interface WorkerPod {
  /** Of the Job, its ConfigMap and its Role. */
  readonly name: string;
  readonly owner: ResourceName;
  /** Where it works. */
  readonly namespace: string;
  /** Claim with image files. */
  readonly sourceClaim?: string;
  /** Secret of the login. */
  readonly secret?: string;
  readonly target?: { readonly claim: string; readonly block: boolean };
}

/** KubeVirt's user `qemu`. */
const USER = 107;
export const ACCOUNT = 'kubeferry-worker';
/** Exit code of a failure that trying again does not mend. */
const NO_USE = 2;

/** The metadata of everything that belongs to a worker. */
export function workerMetadata({
  name,
  owner,
  namespace,
}: Pick<WorkerPod, 'name' | 'owner' | 'namespace'>): KubeObject['metadata'] {
  const labels = { 'app.kubernetes.io/name': 'kubeferry', 'app.kubernetes.io/component': 'worker' };
  return madeFor(objectOf(owner), { name, namespace, labels }, { controller: true });
}

export function workerRole(pod: WorkerPod): KubeObject {
  const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [pod.name], verbs: ['get', 'patch'] }];
  return { metadata: workerMetadata(pod), rules };
}

export function workerRoleBinding(pod: WorkerPod): KubeObject {
  return {
    metadata: workerMetadata(pod),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: pod.name },
    subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: pod.namespace }],
  };
}

export function workerJob(pod: WorkerPod, { image, requests }: WorkerSetup): KubeObject {
  const { labels = {} } = workerMetadata(pod);
  const volumes = volumesOf(pod);
  return {
    metadata: workerMetadata(pod),
    spec: {
      backoffLimit: 6,
      // A failure that has to be mended first, and a node that is being emptied, are no reasons to count on.
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onExitCodes: { containerName: 'worker', operator: 'In', values: [NO_USE] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: ACCOUNT,
          terminationGracePeriodSeconds: 60,
          securityContext: {
            ...{ runAsUser: USER, runAsGroup: USER, runAsNonRoot: true, fsGroup: USER, fsGroupChangePolicy: 'OnRootMismatch' },
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'worker',
              image,
              args: ['worker'],
              env: [{ name: 'TMPDIR', value: '/tmp' }],
              resources: { requests },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: volumes.flatMap(({ mount }) => mount ?? []),
              volumeDevices: volumes.flatMap(({ device }) => device ?? []),
            },
          ],
          volumes: volumes.map(({ volume }) => volume),
        },
      },
    },
  };
}

interface PodVolume {
  readonly volume: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly mount?: { readonly name: string; readonly mountPath: string; readonly readOnly?: true };
  readonly device?: { readonly name: string; readonly devicePath: string };
}

function volumesOf({ name, sourceClaim, secret, target }: WorkerPod): readonly PodVolume[] {
  const order = { name, items: [{ key: 'order', path: 'order.json' }] };
  const all: PodVolume[] = [
    mounted('order', '/kubeferry/order', { configMap: order }, true),
    mounted('tmp', '/tmp', { emptyDir: {} }),
  ];
  if (secret !== undefined) all.push(mounted('login', WORKER_PATHS.login, { secret: { secretName: secret } }, true));
  if (sourceClaim !== undefined) {
    const persistentVolumeClaim = { claimName: sourceClaim, readOnly: true };
    all.push(mounted('source', WORKER_PATHS.source, { persistentVolumeClaim }, true));
  }
  if (target === undefined) return all;
  const persistentVolumeClaim = { claimName: target.claim };
  if (!target.block) return [...all, mounted('disk', WORKER_PATHS.disk, { persistentVolumeClaim })];
  const device = { name: 'disk', devicePath: WORKER_PATHS.device };
  return [
    ...all,
    { volume: { name: 'disk', persistentVolumeClaim }, device },
    mounted('journal', WORKER_PATHS.journal, { emptyDir: {} }),
  ];
}

function mounted(name: string, mountPath: string, what: Readonly<Record<string, unknown>>, readOnly = false): PodVolume {
  return { volume: { name, ...what }, mount: { name, mountPath, ...(readOnly && { readOnly }) } };
}
