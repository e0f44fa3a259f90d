/** Jobs of ours and their Pods as the cluster told of them last: two watches, whoever waits for whichever Job. */
import type { Clock } from '../../contracts/clock.ts';
import type { ClusterObserver } from '../../contracts/cluster-observer.ts';
import type { KubeClient, ResourceType } from '../client/kube-client.ts';
import { JOBS, PODS } from '../kinds.ts';
import { Informer } from '../runtime/informer.ts';
import { byLabel, type Index, keyOf } from '../runtime/object-store.ts';
import { JOB_NAME, type JobView, jobView, NODE_PLACE, type PodView, podView } from './job-views.ts';

export interface JobWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Only of this namespace; of all when absent. */
  readonly namespace?: string;
  readonly onTrouble: (error: unknown) => void;
  readonly observer?: Pick<ClusterObserver, 'followed'>;
}

export interface JobRef {
  readonly namespace: string;
  readonly name: string;
}

/** On everything that is made for our Jobs. */
export const JOB_LABELS = { 'app.kubernetes.io/name': 'kubeferry' } as const;
const SELECTED = 'app.kubernetes.io/name=kubeferry,app.kubernetes.io/component in (worker,hook)';

export class JobWatch {
  readonly #jobs: Informer<JobView>;
  readonly #pods: Informer<{ readonly job: string | undefined; readonly view: PodView }>;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor({ client, clock, namespace, onTrouble, observer }: JobWatchOptions) {
    this.#clock = clock;
    const selection = { labels: SELECTED, ...(namespace !== undefined && { namespace }) };
    const about = { client, selection, clock, random: Math.random, onTrouble };
    const told = ({ kind }: ResourceType) => ({ onTurn: (turn: 'list' | 'page' | 'watch') => observer?.followed(kind, turn) });
    this.#jobs = new Informer({
      ...{ ...about, ...told(JOBS) },
      type: JOBS,
      project: jobView,
      indexes: { place: byPlace },
      onChange: ({ key }) => this.#wake(key),
    });
    this.#pods = new Informer({
      ...{ ...about, ...told(PODS) },
      type: PODS,
      project: (pod) => ({ job: jobKey(pod.metadata), view: podView(pod) }),
      indexes: { job: byLabel(JOB_NAME) },
      onChange: ({ value: { job } }) => this.#wake(job),
    });
  }

  /** Resolves after the first whole lists. */
  get synced(): Promise<void> {
    return Promise.all([this.#jobs.synced, this.#pods.synced]).then(() => undefined);
  }

  /** Keeps up with the cluster until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#jobs.run(signal), this.#pods.run(signal)]);
  }

  job(ref: JobRef): JobView | undefined {
    return this.#jobs.objects.get(keyOf(ref));
  }

  /** Jobs of a namespace that have not ended and stand for one place of each node. */
  inPlace(namespace: string, place: number): number {
    return this.#jobs.objects.find('place', `${namespace} ${place}`).length;
  }

  /** The oldest first. */
  pods(ref: JobRef): readonly PodView[] {
    const found = this.#pods.objects.find('job', ref.name).filter(({ job }) => job === keyOf(ref));
    return byAge(found.map(({ view }) => view));
  }

  /** True when the Job or one of its Pods changes, false when that did not happen within so many milliseconds. @throws the signal's reason */
  async changed(ref: JobRef, within: number, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(ref);
    const end = new AbortController();
    const wake = (): void => end.abort();
    const waiters = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiters.add(wake));
    // AbortSignal.any would leave something behind in a signal that lives as long as a VM is copied.
    signal.addEventListener('abort', wake);
    try {
      if (!signal.aborted) await this.#clock.sleep(within, end.signal).catch(() => undefined);
      signal.throwIfAborted();
      return end.signal.aborted;
    } finally {
      signal.removeEventListener('abort', wake);
      waiters.delete(wake);
      if (waiters.size === 0 && this.#waiting.get(key) === waiters) this.#waiting.delete(key);
    }
  }

  #wake(key: string | undefined): void {
    for (const wake of this.#waiting.get(key ?? '') ?? []) wake();
  }
}

const byPlace: Index = (job) => {
  const { namespace, labels } = job.metadata;
  const place = labels?.[NODE_PLACE];
  return place === undefined || jobView(job).ended !== undefined ? [] : [`${namespace} ${place}`];
};

export function byAge(pods: readonly PodView[]): readonly PodView[] {
  return pods.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
}

function jobKey({ namespace = '', labels }: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }) {
  const name = labels?.[JOB_NAME];
  return name === undefined ? undefined : keyOf({ namespace, name });
}
