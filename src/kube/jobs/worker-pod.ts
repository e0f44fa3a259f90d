/**
 * A worker as Kubernetes sees it: a Job with one Pod that may do nothing but read its volumes, write its disk and say how far it is. It passes the
 * restricted pod security level. Only one that lists image files has a token, and may write the ConfigMaps of its list.
 */
import { hash } from 'node:crypto';
import type { ResourceName } from '../../contracts/resources.ts';
import type { WorkerOrder } from '../../contracts/worker-order.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { objectOf } from '../resources/collection.ts';
import { madeFor } from '../runtime/owners.ts';
import { NODE_PLACE, STANDS_BY } from './job-views.ts';
import { JOB_LABELS } from './job-watch.ts';
import { type MountedThings, ORDER, podVolumes, VDDK_LIBRARY } from './pod-volumes.ts';
import { conversionImage, type WorkerSetup } from './worker-setup.ts';

/** Of a Job and of what belongs to it. */
export interface Belonging {
  readonly name: string;
  /** Absent: whoever made it removes it. */
  readonly owner?: ResourceName;
  /** Where it works. */
  readonly namespace: string;
}

export interface WorkerPod extends MountedThings, Belonging {
  readonly order: WorkerOrder;
  /** Of the Job, beside those that all have. */
  readonly labels?: Readonly<Record<string, string>>;
  /** It gets /dev/kvm. */
  readonly kvm?: boolean;
  /** One of the places that each node has for workers; absent where nobody counts them. */
  readonly place?: number;
}

/** KubeVirt's user `qemu`. */
const USER = 107;
export const ACCOUNT = 'kubeferry-worker';
/** Label: a claim of image files that one node at a time can mount. */
const SOURCE_CLAIM = 'kubeferry.dev/source-claim';
/** Exit codes: a failure that trying again does not mend, and an end that was asked for. */
const NO_USE = 2;
const ENDED = 143;
/** ConfigMaps of one list, at most. */
export const PIECES = 64;

/** The metadata of everything that belongs to a worker. */
export function workerMetadata({ name, owner, namespace }: Belonging): KubeObject['metadata'] {
  const metadata = { name, namespace, labels: { ...JOB_LABELS, 'app.kubernetes.io/component': 'worker' } };
  return owner === undefined ? metadata : madeFor(objectOf(owner), metadata, { controller: true });
}

/** Name of a further ConfigMap of a list. */
export function pieceName(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index}`;
}

/** What is made cannot be limited by name; what is there already can. */
export function workerRole(pod: WorkerPod): KubeObject {
  const maps = { apiGroups: [''], resources: ['configmaps'] };
  const resourceNames = Array.from({ length: PIECES }, (_, index) => pieceName(pod.name, index));
  const rules = [
    { ...maps, resourceNames, verbs: ['patch'] },
    { ...maps, verbs: ['create'] },
  ];
  return { metadata: workerMetadata(pod), rules };
}

export function workerRoleBinding(pod: WorkerPod): KubeObject {
  return {
    metadata: workerMetadata(pod),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: pod.name },
    subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: pod.namespace }],
  };
}

/** Restricted pod security level: for containers. */
export const LOCKED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

export function workerJob(pod: WorkerPod, setup: WorkerSetup): KubeObject {
  const { labels: own = {}, ...rest } = workerMetadata(pod);
  const standsBy = pod.order.kind === 'stand-by' && { [STANDS_BY]: 'true' };
  const labels = { ...own, ...pod.labels, ...placeOf(pod), ...standsBy };
  return {
    metadata: { ...rest, labels },
    spec: {
      backoffLimit: 6,
      ttlSecondsAfterFinished: setup.ttlSeconds,
      // Two workers never write one claim: the next comes when the last is surely gone.
      podReplacementPolicy: 'Failed',
      // A failure that has to be mended first is no reason to try again; an end that was asked for, and a node that is lost, are no failures.
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onExitCodes: { containerName: 'worker', operator: 'In', values: [NO_USE] } },
          { action: 'Ignore', onExitCodes: { containerName: 'worker', operator: 'In', values: [ENDED] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      template: {
        metadata: { labels: { ...labels, ...sharing(pod) }, annotations: { [ORDER]: JSON.stringify(pod.order) } },
        spec: podSpec(pod, setup),
      },
    },
  };
}

function podSpec(pod: WorkerPod, setup: WorkerSetup): object {
  const { nodeSelector, priorityClassName, imagePullSecrets } = setup;
  const { image, requests, limits } = containerOf(pod, setup);
  const volumes = podVolumes(pod);
  const env = [{ name: 'TMPDIR', value: '/tmp' }];
  return {
    restartPolicy: 'Never',
    serviceAccountName: ACCOUNT,
    automountServiceAccountToken: pod.order.kind === 'images',
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 60,
    ...(priorityClassName !== undefined && { priorityClassName }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...affinity(pod),
    tolerations: tolerations(setup),
    securityContext: {
      ...{ runAsUser: USER, runAsGroup: USER, runAsNonRoot: true, fsGroup: USER, fsGroupChangePolicy: 'OnRootMismatch' },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(pod.vddk !== undefined && {
      initContainers: [
        {
          ...{ name: 'vddk', image: pod.vddk, resources: { requests, limits }, securityContext: LOCKED },
          volumeMounts: [{ name: 'vddk', mountPath: '/opt' }],
        },
      ],
    }),
    containers: [
      {
        ...{ name: 'worker', image, args: ['worker'], resources: { requests, limits }, securityContext: LOCKED },
        env: [...env, ...(pod.vddk === undefined ? [] : [{ name: 'KUBEFERRY_VDDK_LIBDIR', value: VDDK_LIBRARY }])],
        // A worker that crashes says nothing by itself.
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: volumes.flatMap(({ mount }) => mount ?? []),
        volumeDevices: volumes.flatMap(({ device }) => device ?? []),
      },
    ],
    volumes: volumes.map(({ volume }) => volume),
  };
}

/** Of KubeVirt's device plugin. */
export const KVM = 'devices.kubevirt.io/kvm';

/** Workers that convert guests have more in their image, and need more memory. */
function containerOf({ order, kvm = false }: WorkerPod, setup: WorkerSetup): Pick<WorkerSetup, 'image' | 'requests' | 'limits'> {
  if (order.kind !== 'convert') return setup;
  const { requests, limits } = setup.conversion;
  return { image: conversionImage(setup) ?? setup.image, requests, limits: { ...limits, ...(kvm && { [KVM]: '1' }) } };
}

function tolerations({ tolerations: given, nodeLossSeconds }: WorkerSetup): readonly object[] {
  const lost = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
    ...{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: nodeLossSeconds },
  }));
  return [...given, ...lost.filter(({ key }) => !given.some((one) => one.key === key))];
}

function sharing({ source }: WorkerPod): Readonly<Record<string, string>> {
  return source?.oneNode === true ? { [SOURCE_CLAIM]: hash('sha256', source.claim, 'hex').slice(0, 16) } : {};
}

function placeOf({ place }: WorkerPod): Readonly<Record<string, string>> {
  return place === undefined ? {} : { [NODE_PLACE]: String(place) };
}

/**
 * All that read the claim run on one node, because no other can mount it. The first chooses: a Pod may be its own neighbour. Of those with the same
 * place there is one on a node: so many places, so many workers.
 */
function affinity(pod: WorkerPod): object {
  const term = (matchLabels: Readonly<Record<string, string>>): object => {
    return {
      requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' }],
    };
  };
  const near = pod.source?.oneNode === true && { podAffinity: term(sharing(pod)) };
  const apart = pod.place !== undefined && { podAntiAffinity: term(placeOf(pod)) };
  return near || apart ? { affinity: { ...near, ...apart } } : {};
}
