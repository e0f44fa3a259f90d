/**
 * Orders that workers carry out in Jobs, and what they say of themselves. A ConfigMap holds the order and the worker's words; it, the Job and the
 * right to write into it have one name, made from the owner and the work, so that whoever comes back finds them.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../../contracts/clock.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import type { RecordRef, WorkerFailure, WorkerOrder, WorkerRecord, WorkerWord } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { at, listAt, textAt } from '../facts/json.ts';
import { CONFIG_MAPS, JOBS, ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS } from '../kinds.ts';
import {
  ACCOUNT,
  type WorkerPod,
  type WorkerSetup,
  workerJob,
  workerMetadata,
  workerRole,
  workerRoleBinding,
} from './worker-pod.ts';

export interface WorkerJobsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly setup: WorkerSetup;
  /** Milliseconds between two looks at a Job. */
  readonly every: number;
}

/** How a Job stands. `result` is the worker's own text. */
export type JobState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly progress?: string }
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'failed'; readonly error: MigrationError };

const GONE_WITHIN_MS = 90_000;

/** Names of Jobs are labels of their Pods: 63 characters at most. */
export function workerName(owner: ResourceName, work: string): string {
  const readable = owner.name.replaceAll(/[^a-z0-9]+/g, '-').slice(0, 44);
  return `${readable}-${hash('sha256', `${owner.uid} ${work}`, 'hex').slice(0, 10)}`;
}

export class WorkerJobs {
  readonly #options: WorkerJobsOptions;

  constructor(options: WorkerJobsOptions) {
    this.#options = options;
  }

  /** A result counts once the Job has ended: until then its Pod may hold the claim, on another node than that of the VM. */
  async look(ref: RecordRef, signal: AbortSignal): Promise<JobState> {
    const { client } = this.#options;
    const job = await client.get(JOBS, ref, { signal });
    // After the Job, so that the last word of one that has ended is in it.
    const record = await client.get(CONFIG_MAPS, ref, { signal });
    const result = textAt(record, 'data', 'result');
    const gone = job === undefined || job.metadata.deletionTimestamp !== undefined;
    if (gone) return result === undefined ? { kind: 'none' } : { kind: 'done', result };
    const ended = listAt(job, 'status', 'conditions').find(
      (condition) => textAt(condition, 'status') === 'True' && /^(Failed|Complete)$/.test(textAt(condition, 'type') ?? ''),
    );
    if (ended === undefined) {
      const progress = textAt(record, 'data', 'progress');
      return { kind: 'running', ...(progress !== undefined && { progress }) };
    }
    if (result !== undefined) return { kind: 'done', result };
    return { kind: 'failed', error: failureOf(textAt(record, 'data', 'failure'), textAt(ended, 'message')) };
  }

  /** Makes what is not there yet. What an earlier, failed one left is removed first. */
  async start(pod: WorkerPod, order: WorkerOrder, signal: AbortSignal): Promise<void> {
    const { client, setup } = this.#options;
    const { namespace } = pod;
    await client.apply(SERVICE_ACCOUNTS, { metadata: { name: ACCOUNT, namespace } }, { signal, force: true });
    await client.apply(ROLES, workerRole(pod), { signal, force: true });
    await client.apply(ROLE_BINDINGS, workerRoleBinding(pod), { signal, force: true });
    const record = { metadata: workerMetadata(pod), data: { order: JSON.stringify(order) } };
    await client.apply(CONFIG_MAPS, record, { signal, force: true });
    await client.apply(JOBS, workerJob(pod, setup), { signal, force: true });
  }

  /**
   * Looks until the Job has ended.
   * @returns the worker's result
   * @throws MigrationError why it failed; the reason of the signal
   */
  async wait(ref: RecordRef, onProgress: (text: string) => void, signal: AbortSignal): Promise<string> {
    const { clock, every } = this.#options;
    for (let told: string | undefined; ; await clock.sleep(every, signal)) {
      const state = await this.look(ref, signal);
      if (state.kind === 'done') return state.result;
      if (state.kind === 'failed') throw state.error;
      if (state.kind === 'none') throw new MigrationError('cluster-object-missing', `The Job ${ref.name} was deleted.`);
      if (state.progress === undefined || state.progress === told) continue;
      told = state.progress;
      onProgress(told);
    }
  }

  /** Ends the Job if it runs, waits until its Pod is gone, and removes everything that belongs to it. */
  async remove(ref: RecordRef): Promise<void> {
    const { client, clock, every } = this.#options;
    const signal = AbortSignal.timeout(GONE_WITHIN_MS);
    if (await client.delete(JOBS, ref, { signal, propagation: 'Foreground' })) {
      while ((await client.get(JOBS, ref, { signal })) !== undefined) await clock.sleep(Math.min(every, 500), signal);
    }
    for (const type of [CONFIG_MAPS, ROLE_BINDINGS, ROLES]) await client.delete(type, ref, { signal });
  }
}

/** The worker's end: it may write into its own ConfigMap and nothing else. */
export class ConfigMapRecord implements WorkerRecord {
  readonly #client: KubeClient;
  readonly #ref: RecordRef;

  constructor(client: KubeClient, ref: RecordRef) {
    this.#client = client;
    this.#ref = ref;
  }

  async put(words: Readonly<Partial<Record<WorkerWord, string>>>, signal: AbortSignal): Promise<void> {
    await this.#client.patch(CONFIG_MAPS, this.#ref, { data: words }, { signal });
  }
}

function failureOf(said: string | undefined, message: string | undefined): MigrationError {
  if (said === undefined) {
    return new MigrationError('transfer-tool-failed', `The worker failed and did not say why: ${message ?? 'no reason given'}`, {
      hint: 'Look at the log and the events of its Pods.',
    });
  }
  const failure: WorkerFailure = JSON.parse(said);
  const hint = String(at(failure, 'hint') ?? '');
  return new MigrationError(failure.code, failure.message, { hint });
}
