/** Why a piece of work does not run, in words for the status: what the cluster says of the Pod, of its claims, or of the Job that gets no Pod. */
import type { KubeClient } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import { EVENTS } from '../kinds.ts';
import type { JobView, PodView } from './job-views.ts';
import type { JobRef } from './job-watch.ts';

/** A state of a container that is on its way, and no trouble by itself. */
const ON_THE_WAY = new Set(['', 'ContainerCreating', 'PodInitializing']);
const MAX_TEXT = 900;

/**
 * One sentence without an end, for "waiting for …"; undefined where nothing is known to be in the way.
 * @param pods of the Job, the oldest first
 */
export async function obstacleOf(
  client: KubeClient,
  ref: JobRef,
  { job, pods }: { readonly job: JobView; readonly pods: readonly PodView[] },
  signal: AbortSignal,
): Promise<string | undefined> {
  const live = pods.filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed');
  const pod = live.at(-1);
  if (pod === undefined) return cut(afterFailure(pods) ?? (await warning(client, ref, { kind: 'Job', name: ref.name }, signal)));
  if (pod.deleting) return cut(`the end of the worker on ${pod.node ?? 'its node'}: ${pod.disruption ?? 'it was asked to end'}`);
  if (pod.phase === 'Running') return undefined;
  const { waiting, unschedulable } = pod;
  if (waiting !== undefined && !ON_THE_WAY.has(waiting.reason)) return cut(`its worker: ${waiting.reason}: ${waiting.message}`);
  for (const name of pod.claims) {
    const said = await warning(client, ref, { kind: 'PersistentVolumeClaim', name }, signal);
    if (said !== undefined) return cut(`the claim ${name}: ${said}`);
  }
  if (unschedulable !== undefined) return cut(`a node: ${unschedulable}`);
  const said = await warning(client, ref, { kind: 'Pod', name: pod.name }, signal);
  return cut(said === undefined ? undefined : `its worker: ${said}`) ?? (job.failed > 0 ? afterFailure(pods) : undefined);
}

/** What the last one said that failed: the Job controller takes its time before it starts the next. */
function afterFailure(pods: readonly PodView[]): string | undefined {
  const last = pods.findLast(({ phase }) => phase === 'Failed');
  if (last === undefined) return undefined;
  return `another try after ${last.disruption ?? last.end?.reason ?? 'a failure'}`;
}

/** The latest warning about an object. */
async function warning(
  client: KubeClient,
  { namespace }: JobRef,
  about: { readonly kind: string; readonly name: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const fields = `involvedObject.kind=${about.kind},involvedObject.name=${about.name},type=Warning`;
  let latest: { readonly at: string; readonly said: string } | undefined;
  for await (const { items } of client.list(EVENTS, { namespace, fields, signal })) {
    for (const event of items) {
      const at =
        textAt(event, 'series', 'lastObservedTime') ??
        textAt(event, 'lastTimestamp') ??
        textAt(event, 'eventTime') ??
        event.metadata.creationTimestamp ??
        '';
      if (latest !== undefined && at < latest.at) continue;
      latest = { at, said: `${textAt(event, 'reason') ?? ''}: ${textAt(event, 'message') ?? ''}` };
    }
  }
  return latest?.said;
}

function cut(text: string | undefined): string | undefined {
  return text !== undefined && text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
