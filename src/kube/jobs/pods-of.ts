import type { KubeClient } from '../client/kube-client.ts';
import { PODS } from '../kinds.ts';
import { JOB_NAME, type PodView, podView } from './job-views.ts';
import { byAge, type JobRef } from './job-watch.ts';

/** Asks the cluster for the Pods of a Job: what is told of a Job may come before what is told of them. The oldest first. */
export async function podsOf(client: KubeClient, { namespace, name }: JobRef, signal: AbortSignal): Promise<readonly PodView[]> {
  const pods: PodView[] = [];
  for await (const { items } of client.list(PODS, { namespace, labels: `${JOB_NAME}=${name}`, signal }))
    pods.push(...items.map(podView));
  return byAge(pods);
}
