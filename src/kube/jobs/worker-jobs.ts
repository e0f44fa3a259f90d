/**
 * Orders that workers carry out in Jobs, and what they say of themselves. The order is an annotation of the Pod, the last word its termination
 * message, and how far it is the last line of its log: a Job is one write, and a worker needs no right at all. Its name is made from the owner and
 * the work, so that whoever comes back finds it.
 */
import { hash } from 'node:crypto';
import type { ResourceName } from '../../contracts/resources.ts';
import type { WorkerOrder } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { pathOf, withQuery } from '../client/paths.ts';
import { JOBS, PODS, ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS } from '../kinds.ts';
import { jobView, type PodView, STANDS_BY } from './job-views.ts';
import type { JobRef, JobWatch } from './job-watch.ts';
import { NodePlaces } from './node-places.ts';
import { obstacleOf } from './obstacles.ts';
import { ORDER } from './pod-volumes.ts';
import { podsOf } from './pods-of.ts';
import { failureOf, resultOf } from './worker-end.ts';
import { ACCOUNT, type WorkerPod, workerJob, workerRole, workerRoleBinding } from './worker-pod.ts';
import type { WorkerSetup } from './worker-setup.ts';

export interface WorkerJobsOptions {
  readonly client: KubeClient;
  readonly watch: JobWatch;
  readonly setup: WorkerSetup;
  /** Milliseconds between two looks at a worker's log. */
  readonly every: number;
}

/**
 * How a Job stands; `ending`: somebody deleted it; `standing-by`: a Pod of it waits for its order; `unready`: one should, and does not run. `result`
 * is what the worker said; undefined when its Pod is gone.
 */
export type JobState =
  | { readonly kind: 'none' | 'running' | 'ending' | 'standing-by' | 'unready' }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: MigrationError };

/** Who wants to know about a worker while it is waited for. Must not throw. */
export interface WorkerListener {
  /** The last line of its log, when that is new. */
  readonly onLine: (line: unknown) => void;
  /** Why it does not run; undefined when nothing is in the way any more. */
  readonly onObstacle: (because: string | undefined) => void;
}

const GONE_WITHIN_MS = 90_000;
const LINE_WITHIN_MS = 5000;
/** Between two looks whether a worker that has just started says something. */
const SAYS_SO_WITHIN_MS = 300;

/** Names of Jobs are labels of their Pods: 63 characters at most, eight of which are left for what belongs to one. */
export function workerName(owner: ResourceName, work: string): string {
  const readable = owner.name.replaceAll(/[^a-z0-9]+/g, '-').slice(0, 44);
  return `${readable}-${hash('sha256', `${owner.uid} ${work}`, 'hex').slice(0, 10)}`;
}

export class WorkerJobs {
  readonly #options: WorkerJobsOptions;
  /** Namespaces that have our account. */
  readonly #accounts = new Set<string>();
  readonly #places: NodePlaces;

  constructor(options: WorkerJobsOptions) {
    this.#options = options;
    this.#places = new NodePlaces(options.watch);
  }

  /** Asks the cluster. A result counts once the Job has ended: until then its Pod may hold the claim, on another node than that of the VM. */
  async look(ref: JobRef, signal: AbortSignal): Promise<JobState> {
    const { client } = this.#options;
    const found = await client.get(JOBS, ref, { signal });
    if (found === undefined) return { kind: 'none' };
    const job = jobView(found);
    if (job.deleting) return { kind: 'ending' };
    if (job.ended === undefined && !job.standsBy) return { kind: 'running' };
    const pods = await podsOf(client, ref, signal);
    if (job.ended === undefined) return { kind: standing(pods) };
    if (job.ended.complete) return { kind: 'done', result: resultOf(pods) };
    return { kind: 'failed', error: failureOf(job, pods) };
  }

  /**
   * Makes what is not there yet. What an earlier, failed one left has to be removed first.
   * @param perNode workers of its namespace at once on one node; absent: nobody minds
   */
  async start(pod: WorkerPod, signal: AbortSignal, perNode?: number): Promise<void> {
    const { client, setup } = this.#options;
    const { namespace } = pod;
    if (!this.#accounts.has(namespace)) {
      const account = { namespace, name: ACCOUNT };
      if ((await client.get(SERVICE_ACCOUNTS, account, { signal })) === undefined)
        await client.apply(SERVICE_ACCOUNTS, { metadata: account }, { signal });
      this.#accounts.add(namespace);
    }
    if (pod.order.kind === 'images') {
      await client.apply(ROLES, workerRole(pod), { signal, force: true });
      await client.apply(ROLE_BINDINGS, workerRoleBinding(pod), { signal, force: true });
    }
    const place = perNode === undefined ? {} : { place: this.#places.next(pod, perNode) };
    try {
      await client.apply(JOBS, workerJob({ ...pod, ...place }, setup), { signal, force: true });
    } catch (error) {
      this.#places.settled(pod);
      throw error;
    }
  }

  /**
   * Waits until a worker of the Job has said that it stands by, but no longer than so many milliseconds, and not for what has ended.
   * @throws the reason of the signal
   */
  async stoodBy(ref: JobRef, onObstacle: WorkerListener['onObstacle'], within: number, signal: AbortSignal): Promise<void> {
    const { watch, every } = this.#options;
    const limit = AbortSignal.timeout(within);
    const either = AbortSignal.any([signal, limit]);
    const told: Told = { line: '', obstacle: undefined };
    try {
      for (let quiet = false; watch.job(ref)?.ended === undefined; ) {
        const pod = watch.pods(ref).find(isReady);
        // A container that runs is no program that runs yet.
        if (pod !== undefined && (await this.#lastLine({ namespace: ref.namespace, name: pod.name }, either)) !== undefined)
          return;
        if (quiet) await this.#listen(ref, told, { onLine: () => undefined, onObstacle }, either);
        quiet = !(await watch.changed(ref, pod === undefined ? every : SAYS_SO_WITHIN_MS, either));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!limit.aborted) throw error;
    } finally {
      this.#places.settled(ref);
      if (told.obstacle !== undefined) onObstacle(undefined);
    }
  }

  /**
   * Waits until the Job has ended.
   * @param order for a Pod of it that stands by, each that comes
   * @returns what the worker said
   * @throws MigrationError why it failed; `cluster-object-missing` when somebody deleted it; the reason of the signal
   */
  async wait(ref: JobRef, listener: WorkerListener, signal: AbortSignal, order?: WorkerOrder): Promise<unknown> {
    const { watch, every } = this.#options;
    const told: Told = { line: '', obstacle: undefined };
    try {
      // While things happen there is nothing in the way.
      for (let quiet = false; ; ) {
        const change = watch.changed(ref, every, signal);
        // It is waited for at the end of the turn; until then nobody would hear of its failure.
        change.catch(() => undefined);
        const job = watch.job(ref);
        if (job !== undefined) this.#places.settled(ref);
        if (job === undefined || job.deleting || job.ended !== undefined) {
          const state = await this.look(ref, signal);
          if (state.kind === 'done') return state.result;
          if (state.kind === 'failed') throw state.error;
          if (state.kind === 'none' || state.kind === 'ending')
            throw new MigrationError('cluster-object-missing', `The Job ${ref.name} was deleted.`);
        } else {
          if (order !== undefined && job.standsBy) await this.#call(ref, order, signal);
          if (quiet) await this.#listen(ref, told, listener, signal);
        }
        quiet = !(await change);
      }
    } finally {
      this.#places.settled(ref);
      if (told.obstacle !== undefined) listener.onObstacle(undefined);
    }
  }

  /** Ends the Job if it runs, and waits until it and its Pod are gone. */
  async remove(ref: JobRef): Promise<void> {
    const { client, watch } = this.#options;
    const signal = AbortSignal.timeout(GONE_WITHIN_MS);
    if (!(await client.delete(JOBS, ref, { signal, propagation: 'Foreground' }))) return;
    while ((await client.get(JOBS, ref, { signal })) !== undefined) await watch.changed(ref, 500, signal);
  }

  /** The kubelet brings a new annotation into a Pod at once, because it looks at a Pod whenever that changes. */
  async #call(ref: JobRef, order: WorkerOrder, signal: AbortSignal): Promise<void> {
    const { client, watch } = this.#options;
    const metadata = { annotations: { [ORDER]: JSON.stringify(order) }, labels: { [STANDS_BY]: null } };
    for (const { name, uid } of watch.pods(ref).filter(isReady)) {
      try {
        await client.patch(PODS, { namespace: ref.namespace, name }, { metadata: { uid, ...metadata } }, { signal });
      } catch (error) {
        // Another one comes in its place, or the Job has ended.
        if (!(error instanceof MigrationError && GONE.has(error.code))) throw error;
      }
    }
  }

  /**
   * What a Job that runs says of itself, and why it does not run; nothing of one that is not known yet.
   * @param known why it did not run when it was asked last, which holds where nobody can say
   */
  async glance(
    ref: JobRef,
    signal: AbortSignal,
    known?: string,
  ): Promise<{ readonly line: unknown; readonly obstacle: string | undefined }> {
    const { client, watch } = this.#options;
    const job = watch.job(ref);
    if (job === undefined) return { line: undefined, obstacle: known };
    const pods = watch.pods(ref);
    const obstacle = await obstacleOf(client, ref, { job, pods }, signal).catch(() => known);
    const running = pods.find(({ phase, deleting }) => phase === 'Running' && !deleting);
    if (running === undefined) return { line: undefined, obstacle };
    return { line: await this.#lastLine({ namespace: ref.namespace, name: running.name }, signal), obstacle };
  }

  /** Tells what is new about a Job that runs. */
  async #listen(ref: JobRef, told: Told, listener: WorkerListener, signal: AbortSignal): Promise<void> {
    const { line, obstacle } = await this.glance(ref, signal, told.obstacle);
    signal.throwIfAborted();
    if (obstacle !== told.obstacle) listener.onObstacle(obstacle);
    told.obstacle = obstacle;
    const text = JSON.stringify(line);
    if (line === undefined || text === told.line) return;
    told.line = text;
    listener.onLine(line);
  }

  /** Undefined where there is none that can be read: figures are not worth a failure. */
  async #lastLine(pod: JobRef, signal: AbortSignal): Promise<unknown> {
    const path = withQuery(pathOf(PODS, pod, 'log'), { container: 'worker', tailLines: '1' });
    const within = AbortSignal.any([signal, AbortSignal.timeout(LINE_WITHIN_MS)]);
    return await this.#options.client.read(path, { signal: within }).catch(() => undefined);
  }
}

const GONE: ReadonlySet<string> = new Set(['cluster-object-missing', 'cluster-conflict']);

function isReady({ standsBy, phase, deleting }: PodView): boolean {
  return standsBy && phase === 'Running' && !deleting;
}

function standing(pods: readonly PodView[]): 'running' | 'standing-by' | 'unready' {
  const live = pods.filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed');
  if (live.some(({ standsBy }) => !standsBy)) return 'running';
  return live.some(isReady) ? 'standing-by' : 'unready';
}

interface Told {
  line: string;
  obstacle: string | undefined;
}
