/** Hooks as Jobs. Names are made from the VM, the hook and the try, so that whoever comes back finds what was begun. It stands for one VM. */
import type { Hook, HookEnd, HookOptions, Hooks } from '../../contracts/hooks.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { type JobView, jobView, type PodView } from '../jobs/job-views.ts';
import type { JobRef, JobWatch } from '../jobs/job-watch.ts';
import { obstacleOf } from '../jobs/obstacles.ts';
import { podsOf } from '../jobs/pods-of.ts';
import { workerName } from '../jobs/worker-jobs.ts';
import { JOBS } from '../kinds.ts';
import { type HookSpec, hookJob } from './hook-job.ts';

export interface JobHooksOptions {
  readonly client: KubeClient;
  readonly watch: JobWatch;
  readonly owner: ResourceName;
  /** Name of the MigrationPlan. */
  readonly planName: string;
  readonly specs: readonly HookSpec[];
  /** Which try of the VM it is, from 0. */
  readonly attempt: number;
  /** Seconds that a Job is kept after its end. */
  readonly ttlSeconds: number;
  /** Milliseconds between two looks when nothing is told. */
  readonly every: number;
  /** Jobs go on although this process ends. */
  readonly leave: AbortSignal;
}

const GONE_WITHIN_MS = 30_000;
const LONGEST_MESSAGE = 1024;

export class JobHooks implements Hooks {
  readonly all: readonly (Hook & { readonly spec: HookSpec })[];
  readonly #options: JobHooksOptions;

  constructor(options: JobHooksOptions) {
    this.#options = options;
    const { specs, attempt } = options;
    this.all = specs.map((spec, index) => ({ key: `${index}/${attempt}`, at: spec.at, onError: spec.onError, spec }));
  }

  async run(hook: Hook, plan: VmPlan, options: HookOptions): Promise<HookEnd> {
    const { signal } = options;
    const { client, owner, planName, ttlSeconds, leave } = this.#options;
    const spec = this.all.find(({ key }) => key === hook.key)?.spec;
    if (spec === undefined) throw new Error(`the hook ${hook.key} is not of this plan`);
    const ref = { namespace: owner.namespace, name: workerName(owner, `hook ${hook.key}`) };
    try {
      if ((await client.get(JOBS, ref, { signal })) === undefined)
        await client.apply(JOBS, hookJob({ ...ref, owner, planName, plan, spec, ttlSeconds }), { signal, force: true });
      return { by: ref.name, ...(await this.#wait(ref, options)) };
    } catch (error) {
      if (signal.aborted && !leave.aborted)
        await client.delete(JOBS, ref, { signal: AbortSignal.timeout(GONE_WITHIN_MS), propagation: 'Background' });
      throw error;
    }
  }

  async #wait(ref: JobRef, { signal, onWait }: HookOptions): Promise<Omit<HookEnd, 'by'>> {
    const { client, watch, every } = this.#options;
    let obstacle: string | undefined;
    /** Why it never ran. */
    let stuck: string | undefined;
    for (let quiet = false; ; ) {
      const change = watch.changed(ref, every, signal);
      change.catch(() => undefined);
      const known = watch.job(ref);
      if (known === undefined || known.ended !== undefined || known.deleting) {
        const found = await client.get(JOBS, ref, { signal });
        if (found === undefined) throw new MigrationError('cluster-object-missing', `The Job ${ref.name} of a hook was deleted.`);
        const job = jobView(found);
        if (job.ended !== undefined) {
          if (obstacle !== undefined) onWait(undefined);
          return endOf(job, await podsOf(client, ref, signal), stuck);
        }
      } else if (quiet) {
        const pods = watch.pods(ref);
        const now = await obstacleOf(client, ref, { job: known, pods }, signal).catch(() => obstacle);
        if (pods.at(-1)?.phase === 'Running') stuck = undefined;
        else if (pods.at(-1)?.deleting !== true) stuck = now ?? stuck;
        if (now !== obstacle) onWait(now === undefined ? undefined : `a hook: ${now}`);
        obstacle = now;
      }
      quiet = !(await change);
    }
  }
}

function endOf(job: JobView, pods: readonly PodView[], obstacle: string | undefined): Omit<HookEnd, 'by'> {
  const end = pods.findLast((pod) => pod.end !== undefined)?.end;
  const said = end?.message.trim().slice(-LONGEST_MESSAGE) ?? '';
  if (job.ended?.complete === true) return { outcome: 'succeeded', message: said };
  if (job.ended?.reason === 'DeadlineExceeded') {
    const why = obstacle === undefined ? '' : ` It waited for ${obstacle}.`;
    return { outcome: 'timed-out', message: `${job.ended.message}.${why}`.slice(0, LONGEST_MESSAGE) };
  }
  const code = end === undefined ? (job.ended?.message ?? '') : `exit code ${end.code}`;
  return { outcome: 'failed', message: `${code}${said === '' ? '' : `: ${said}`}`.slice(0, LONGEST_MESSAGE) };
}
