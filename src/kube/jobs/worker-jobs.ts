/**
 * Orders that workers carry out in Jobs, and what they say of themselves. The order is an annotation of the Pod, the last word its termination
 * message, and how far it is the last line of its log: a Job is one write, and a worker needs no right at all. Its name is made from the owner and
 * the work, so that whoever comes back finds it.
 */
import { hash } from 'node:crypto';
import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { pathOf, withQuery } from '../client/paths.ts';
import { JOBS, PODS, ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS } from '../kinds.ts';
import { jobView } from './job-views.ts';
import type { JobRef, JobWatch } from './job-watch.ts';
import { NodePlaces } from './node-places.ts';
import { obstacleOf } from './obstacles.ts';
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

/** How a Job stands; `ending`: somebody deleted it. `result` is what the worker said; undefined when its Pod is gone. */
export type JobState =
  | { readonly kind: 'none' | 'running' | 'ending' }
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
    if (job.ended === undefined) return { kind: 'running' };
    const pods = await podsOf(client, ref, signal);
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
   * Waits until the Job has ended.
   * @returns what the worker said
   * @throws MigrationError why it failed; `cluster-object-missing` when somebody deleted it; the reason of the signal
   */
  async wait(ref: JobRef, listener: WorkerListener, signal: AbortSignal): Promise<unknown> {
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
          if (state.kind !== 'running') throw new MigrationError('cluster-object-missing', `The Job ${ref.name} was deleted.`);
        } else if (quiet) await this.#listen(ref, told, listener, signal);
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

interface Told {
  line: string;
  obstacle: string | undefined;
}
