/** As much of Jobs and Pods as tells how a piece of work stands. */
import type { KubeObject } from '../client/kube-client.ts';
import { at, listAt, numberAt, textAt } from '../facts/json.ts';

export interface JobView {
  readonly uid: string;
  readonly deleting: boolean;
  /** Absent while it runs. */
  readonly ended?: { readonly complete: boolean; readonly reason: string; readonly message: string };
  /** Its Pods wait for their order first. */
  readonly standsBy: boolean;
  /** Pods that failed. */
  readonly failed: number;
}

export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: string;
  readonly deleting: boolean;
  /** Absent before a node was found. */
  readonly node?: string;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly claims: readonly string[];
  /** It waits for its order. */
  readonly standsBy: boolean;
  /** Why no node takes it. */
  readonly unschedulable?: string;
  /** Why its container does not run yet. */
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** How its container ended. */
  readonly end?: { readonly code: number; readonly reason: string; readonly message: string };
  /** Why the cluster ended it. */
  readonly disruption?: string;
}

/** The label by which Pods are found: the name of their Job. */
export const JOB_NAME = 'batch.kubernetes.io/job-name';

/** Label of Jobs and their Pods: of those of a namespace that have the same number, there is one on a node. */
export const NODE_PLACE = 'kubeferry.dev/node-place';

/** Label of Jobs whose Pods wait for their order; a Pod has it until the order is there. */
export const STANDS_BY = 'kubeferry.dev/stands-by';

export function jobView(job: KubeObject): JobView {
  const condition = listAt(job, 'status', 'conditions').find(
    (one) => textAt(one, 'status') === 'True' && /^(Failed|Complete)$/.test(textAt(one, 'type') ?? ''),
  );
  const ended = condition !== undefined && {
    complete: textAt(condition, 'type') === 'Complete',
    reason: textAt(condition, 'reason') ?? '',
    message: textAt(condition, 'message') ?? '',
  };
  return {
    uid: job.metadata.uid ?? '',
    deleting: job.metadata.deletionTimestamp !== undefined,
    standsBy: job.metadata.labels?.[STANDS_BY] !== undefined,
    failed: numberAt(job, 'status', 'failed') ?? 0,
    ...(ended && { ended }),
  };
}

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed'] as const;

export function podView(pod: KubeObject): PodView {
  const { name, uid = '', creationTimestamp: createdAt = '', deletionTimestamp, labels } = pod.metadata;
  const node = textAt(pod, 'spec', 'nodeName');
  const conditions = listAt(pod, 'status', 'conditions');
  const said = (type: string, status: string): string | undefined => {
    const found = conditions.find((one) => textAt(one, 'type') === type && textAt(one, 'status') === status);
    return found === undefined ? undefined : (textAt(found, 'message') ?? textAt(found, 'reason') ?? type);
  };
  const unschedulable = said('PodScheduled', 'False');
  const disruption = said('DisruptionTarget', 'True');
  const containers = ['initContainerStatuses', 'containerStatuses'].flatMap((list) => listAt(pod, 'status', list));
  const waiting = containers.map((one) => at(one, 'state', 'waiting')).find((state) => state !== undefined);
  const ends = containers.map((one) => at(one, 'state', 'terminated')).filter((state) => state !== undefined);
  // The first that failed kept the others from running.
  const end = ends.find((one) => numberAt(one, 'exitCode') !== 0) ?? ends.at(-1);
  return {
    ...{ name, uid, createdAt },
    deleting: deletionTimestamp !== undefined,
    standsBy: labels?.[STANDS_BY] !== undefined,
    phase: PHASES.find((phase) => phase === textAt(pod, 'status', 'phase')) ?? 'Unknown',
    claims: listAt(pod, 'spec', 'volumes').flatMap((volume) => textAt(volume, 'persistentVolumeClaim', 'claimName') ?? []),
    ...(node !== undefined && { node }),
    ...(unschedulable !== undefined && { unschedulable }),
    ...(disruption !== undefined && { disruption }),
    ...(waiting !== undefined && { waiting: stateOf(waiting) }),
    ...(end !== undefined && { end: { code: numberAt(end, 'exitCode') ?? -1, ...stateOf(end) } }),
  };
}

function stateOf(state: unknown): { readonly reason: string; readonly message: string } {
  return { reason: textAt(state, 'reason') ?? '', message: textAt(state, 'message') ?? '' };
}
