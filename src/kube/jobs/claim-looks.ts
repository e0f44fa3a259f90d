/**
 * Looks at claims again, for whoever verifies them from the command line: a worker Job a claim, made with the rights of that person and removed as soon
 * as it has said what it found. Nobody owns it; one that was left behind by a kill goes by itself minutes after its end.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../contracts/clock.ts';
import type { ClaimedDisk, ClaimLooks } from '../../contracts/verification.ts';
import type { WorkerOrder } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { DiskVerdict } from '../../model/verification.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import type { Cluster } from '../index.ts';
import { CLAIMS, JOBS, PODS } from '../kinds.ts';
import { JOB_NAME, podView } from './job-views.ts';
import { type JobRef, JobWatch } from './job-watch.ts';
import { WorkerJobs } from './worker-jobs.ts';
import { isProgress } from './worker-lines.ts';
import type { WorkerSetup } from './worker-setup.ts';

export interface ClaimLooksOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly setup: WorkerSetup;
}

/** Milliseconds between two looks at a worker. */
const EVERY = 1000;
/** What a Job is kept for that could not be removed. */
const TTL_SECONDS = 600;
const REMOVED_WITHIN_MS = 10_000;

export class LooksByJobs implements ClaimLooks {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #setup: WorkerSetup;
  readonly #stop = new AbortController();
  /** By namespace. */
  readonly #jobs = new Map<string, WorkerJobs>();

  constructor({ cluster, clock, setup }: ClaimLooksOptions) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#setup = { ...setup, ttlSeconds: TTL_SECONDS };
  }

  async look(kept: ClaimedDisk, { signal, onProgress, onWait }: Parameters<ClaimLooks['look']>[1]): Promise<DiskVerdict> {
    const { client } = this.#cluster;
    const { namespace, claim, id, vm, disk, result } = kept;
    const about = { vm, disk, file: `pvc/${claim}` };
    const found = await client.get(CLAIMS, { namespace, name: claim }, { signal });
    if (found === undefined) return { ...about, outcome: 'missing', finding: `There is no such claim in ${namespace}.` };
    if (textAt(found, 'status', 'phase') !== 'Bound')
      return { ...about, outcome: 'missing', finding: 'The claim has no volume.' };
    await requireIdle(client, kept, undefined, signal);
    const block = textAt(found, 'spec', 'volumeMode') === 'Block';
    const path = block ? WORKER_PATHS.device : `${WORKER_PATHS.disk}/disk.img`;
    const order: WorkerOrder = { kind: 'verify', disk: { id, vm, disk, path, ...(result && { result }) } };
    const ref = { namespace, name: `verify-${readable(claim)}-${randomBytes(4).toString('hex')}` };
    const jobs = this.#jobsIn(namespace);
    try {
      await jobs.start({ ...ref, kept: { claim, block }, order }, signal);
      const listener = { onLine: (line: unknown) => void (isProgress(line) && onProgress(line)), onObstacle: onWait };
      const verdict = await jobs.wait(ref, listener, signal);
      // What began to write meanwhile makes every verdict worthless.
      await requireIdle(client, kept, ref, signal);
      if (isVerdict(verdict)) return { ...verdict, ...about };
      throw new MigrationError('transfer-tool-failed', `The Job ${ref.name} ended, and nobody knows what it found.`);
    } finally {
      const within = AbortSignal.timeout(REMOVED_WITHIN_MS);
      await client.delete(JOBS, ref, { signal: within }).catch(() => false);
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#cluster[Symbol.dispose]();
  }

  #jobsIn(namespace: string): WorkerJobs {
    const known = this.#jobs.get(namespace);
    if (known !== undefined) return known;
    const { client } = this.#cluster;
    // A watch that fails is no obstacle: without it the Job is asked for.
    const watch = new JobWatch({ client, clock: this.#clock, namespace, onTrouble: () => undefined });
    void watch.run(this.#stop.signal).catch(() => undefined);
    const jobs = new WorkerJobs({ client, watch, setup: this.#setup, every: EVERY });
    this.#jobs.set(namespace, jobs);
    return jobs;
  }
}

/**
 * A claim that something else has mounted may change while it is read.
 * @param own the Job that reads it
 * @throws MigrationError `claim-in-use`
 */
async function requireIdle(
  client: KubeClient,
  { namespace, claim }: ClaimedDisk,
  own: JobRef | undefined,
  signal: AbortSignal,
): Promise<void> {
  for await (const { items } of client.list(PODS, { namespace, signal })) {
    for (const pod of items) {
      const { name, phase, claims } = podView(pod);
      if (phase === 'Succeeded' || phase === 'Failed' || !claims.includes(claim)) continue;
      const { labels = {} } = pod.metadata;
      if (own !== undefined && labels[JOB_NAME] === own.name) continue;
      const vm = labels['vm.kubevirt.io/name'];
      const by = vm === undefined ? `the Pod ${name}` : `the VM ${vm}, which runs (Pod ${name})`;
      throw new MigrationError('claim-in-use', `The claim ${claim} in ${namespace} is in use by ${by}.`);
    }
  }
}

/** Names of Jobs are labels of their Pods: 63 characters at most. */
function readable(claim: string): string {
  return claim.replaceAll(/[^a-z0-9]+/g, '-').slice(0, 44);
}

function isVerdict(said: unknown): said is DiskVerdict {
  return textAt(said, 'outcome') !== undefined && textAt(said, 'finding') !== undefined;
}
