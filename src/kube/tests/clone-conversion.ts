/** The conversion of a guest on the clones of its disks: the Job of the cutover, on other claims. What was copied is not touched. */
import type { ResourceName } from '../../contracts/resources.ts';
import { type GuestOutcome, isLookedInto } from '../../model/conversion.ts';
import { conversionRequest } from '../../model/conversion-request.ts';
import type { MigrationError } from '../../model/errors.ts';
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import type { VmPlan } from '../../model/plan.ts';
import { textAt } from '../facts/json.ts';
import {
  type ConversionJob,
  type ConversionJobOptions,
  keepConversionScratch,
  outcomeOf,
  requireNamed,
  startConversion,
} from '../jobs/conversion-job.ts';
import { workerName } from '../jobs/worker-jobs.ts';
import { TEST_OF } from './test-objects.ts';

export interface CloneConversion {
  readonly owner: ResourceName;
  readonly namespace: string;
  readonly plan: VmPlan;
  /** When the test began: another test converts other clones. */
  readonly since: string;
  readonly clones: readonly { readonly disk: string; readonly claim: PersistentVolumeClaim }[];
}

export type ClonesConverted =
  /** There is nothing to do to the guest; or it is done: how, unless the Pod that said so is gone. */
  | { readonly kind: 'done'; readonly outcome?: GuestOutcome }
  /** `doing` is for people. */
  | { readonly kind: 'running'; readonly doing?: string }
  | { readonly kind: 'failed'; readonly error: MigrationError };

/**
 * Does what is next. Whoever asks again after a restart finds the Job; where that is gone, the claim for its work tells the next one what was done.
 * @throws MigrationError of the cluster, `config-invalid`, `virtio-win-missing`
 */
export async function convertClones(
  { owner, namespace, plan, since, clones }: CloneConversion,
  options: ConversionJobOptions,
  signal: AbortSignal,
): Promise<ClonesConverted> {
  const { conversion } = plan;
  if (conversion === undefined || !isLookedInto(conversion.policy) || clones.length === 0) return { kind: 'done' };
  const { jobs } = options;
  const ref = { namespace, name: workerName(owner, `convert test ${since}`) };
  const state = await jobs.look(ref, signal);
  if (state.kind === 'failed') return { kind: 'failed', error: state.error };
  if (state.kind === 'done') {
    const outcome = await outcomeOf(state.result);
    return { kind: 'done', ...(outcome && { outcome }) };
  }
  if (state.kind !== 'none') {
    const { line, obstacle } = await jobs.glance(ref, signal);
    const doing = obstacle === undefined ? textAt(line, 'guest') : `Waiting for ${obstacle}`;
    return { kind: 'running', ...(doing !== undefined && { doing }) };
  }
  await requireNamed(conversion, { client: options.client, namespace }, signal);
  // Nothing is proven of a clone, so that nothing is hashed again.
  const disks = clones.map(({ disk }) => ({ key: disk, path: '' }));
  const job: ConversionJob = {
    ...{ ref, owner, plan, labels: { [TEST_OF]: owner.uid }, scratch: `${ref.name}-guest` },
    request: conversionRequest(plan, { disks, copy: `test ${since}` }),
    claims: clones.map(({ claim }) => claim),
  };
  await keepConversionScratch(job, options, signal);
  await startConversion(job, options, signal);
  return { kind: 'running' };
}
