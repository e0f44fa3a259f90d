/**
 * Conversion of guests in the cluster: a worker Job that has all claims of the VM, and a claim for what it has not committed yet. It stands for one
 * VM. The Job is found again by its name, which says what was copied and which try of the VM it is.
 */
import type { GuestConversions, GuestWork } from '../../contracts/guests.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import { type ConversionRequest, type GuestOutcome, isLookedInto } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmPlan } from '../../model/plan.ts';
import { type ClusterDestination, claimOf } from '../destination/cluster-destination.ts';
import { textAt } from '../facts/json.ts';
import { CLAIMS, JOBS } from '../kinds.ts';
import {
  type ConversionJob,
  type ConversionJobOptions,
  keepConversionScratch,
  outcomeOf,
  requireNamed,
  startConversion,
} from './conversion-job.ts';
import type { JobRef } from './job-watch.ts';
import { journalClaimName } from './journal-claim.ts';
import { workerName } from './worker-jobs.ts';
import { conversionImage } from './worker-setup.ts';

export interface JobConversionsOptions extends ConversionJobOptions {
  readonly owner: ResourceName;
  readonly destination: ClusterDestination;
  /** Where the claims are. */
  readonly namespace: string;
  /** Which try of the VM it is, from 0. */
  readonly attempt: number;
  /** Workers at once on one node; absent: nobody minds. */
  readonly perNode?: number;
  /** The guest was converted by an earlier run: nothing of what it took is needed any more. */
  readonly converted: boolean;
  /** Jobs go on although this process ends. */
  readonly leave: AbortSignal;
}

/** Milliseconds that clearing up after a cancellation may take. */
const CLEAR_UP_WITHIN = 30_000;

export class JobConversions implements GuestConversions {
  readonly #options: JobConversionsOptions;

  constructor(options: JobConversionsOptions) {
    this.#options = options;
  }

  /** The tools are in the image of the workers; what the plans name has to be where the workers are. */
  async check(plans: readonly VmPlan[], signal: AbortSignal): Promise<void> {
    const { converted, setup } = this.#options;
    if (converted) return;
    for (const { conversion } of plans) {
      if (conversion === undefined || !isLookedInto(conversion.policy)) continue;
      if (conversionImage(setup) === undefined) {
        throw new MigrationError('config-invalid', `Nobody said which image converts guests beside ${setup.image}.`, {
          hint: 'Name it in the settings of workers (KUBEFERRY_WORKERS): {"conversion":{"image":"…"}}.',
        });
      }
      await requireNamed(conversion, this.#options, signal);
    }
  }

  async convert(plan: VmPlan, request: ConversionRequest, work: GuestWork): Promise<GuestOutcome> {
    const { namespace, owner, attempt, destination, leave, jobs } = this.#options;
    const ref = { namespace, name: workerName(owner, `convert ${attempt} ${request.copy}`) };
    try {
      // Twice, for an outcome that was lost with its Pod: the claim for the work tells what was done.
      const outcome = (await this.#work(ref, plan, request, work)) ?? (await this.#work(ref, plan, request, work));
      if (outcome === undefined)
        throw new MigrationError('transfer-tool-failed', `The Job ${ref.name} ended, and nobody knows how.`);
      if (outcome.policy === 'convert') {
        for (const { key, root } of request.disks) {
          const changed = outcome.disks.find(({ disk }) => disk === key);
          await destination.filled(plan, key, changed === undefined ? root : changed.root, work.signal);
        }
      }
      return outcome;
    } catch (error) {
      if (work.signal.aborted && !leave.aborted) {
        await jobs.remove(ref);
        await this.#forgetScratch(AbortSignal.timeout(CLEAR_UP_WITHIN));
      }
      throw error;
    }
  }

  /** The Job goes with its claim, which its Pod would hold. */
  async release(_plan: VmPlan, signal: AbortSignal): Promise<void> {
    const { client, namespace, owner } = this.#options;
    const labels = `${CONVERTS}=${owner.uid}`;
    for await (const { items } of client.list(JOBS, { namespace, labels, metadataOnly: true, signal }))
      for (const { metadata } of items) await client.delete(JOBS, { namespace, name: metadata.name }, { signal });
    await this.#forgetScratch(signal);
  }

  /** Undefined where a Job has ended and its Pod is gone with what it said. */
  async #work(
    ref: JobRef,
    plan: VmPlan,
    request: ConversionRequest,
    { signal, onProgress, onWait }: GuestWork,
  ): Promise<GuestOutcome | undefined> {
    const { jobs } = this.#options;
    const before = await jobs.look(ref, signal);
    if (before.kind === 'failed') throw before.error;
    if (before.kind === 'done') {
      const outcome = await outcomeOf(before.result);
      if (outcome !== undefined) return outcome;
    }
    if (before.kind === 'done' || before.kind === 'ending') await jobs.remove(ref);
    if (before.kind !== 'running') await this.#start(ref, plan, request, signal);
    const onLine = (line: unknown): void => {
      const text = textAt(line, 'guest');
      if (text !== undefined) onProgress(text);
    };
    return await outcomeOf(await jobs.wait(ref, { onLine, onObstacle: onWait }, signal));
  }

  async #start(ref: JobRef, plan: VmPlan, request: ConversionRequest, signal: AbortSignal): Promise<void> {
    const { owner, destination, perNode } = this.#options;
    const job: ConversionJob = {
      ...{ ref, plan, request, owner, labels: { [CONVERTS]: owner.uid }, scratch: this.#scratch },
      claims: request.disks.map(({ key }) => claimOf(plan, key)),
      journals: await this.#journals(plan, request, signal),
      ...(perNode !== undefined && { perNode }),
    };
    await keepConversionScratch(job, this.#options, signal);
    // Who writes to a disk says so before: nothing boots from what is half written.
    if (plan.conversion?.policy === 'convert') for (const { key } of request.disks) await destination.reopened(plan, key, signal);
    await startConversion(job, this.#options, signal);
  }

  /** Of block devices: what is kept of the copy of another disk is on its claim. */
  async #journals(plan: VmPlan, { disks }: ConversionRequest, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { client, namespace, owner } = this.#options;
    const journals = new Map<string, string>();
    for (const { key, journal } of disks) {
      const { metadata, spec } = claimOf(plan, key);
      if (spec.volumeMode !== 'Block' || journal === undefined) continue;
      const name = journalClaimName(owner, key);
      if ((await client.get(CLAIMS, { namespace, name }, { signal })) !== undefined) journals.set(metadata.name, name);
    }
    return journals;
  }

  async #forgetScratch(signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options;
    await client.delete(CLAIMS, { namespace, name: this.#scratch }, { signal });
  }

  /** The same in all tries: it knows itself which copy it is about. */
  get #scratch(): string {
    return `${workerName(this.#options.owner, 'convert')}-guest`;
  }
}

/** Label of Jobs that convert a guest: uid of its VmMigration. */
const CONVERTS = 'kubeferry.dev/converts';
