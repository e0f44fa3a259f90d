/**
 * Conversion of guests in the cluster: a worker Job that has all claims of the VM, and a claim for what it has not committed yet. It stands for one
 * VM. The Job is found again by its name, which says what was copied and which try of the VM it is.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock } from '../../contracts/clock.ts';
import type { GuestConversions, GuestWork } from '../../contracts/guests.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import { type ConversionRequest, type ConversionTerms, type GuestOutcome, isLookedInto } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmPlan } from '../../model/plan.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { type ClusterDestination, claimOf } from '../destination/cluster-destination.ts';
import { at, textAt } from '../facts/json.ts';
import { CLAIMS, JOBS, SECRETS } from '../kinds.ts';
import type { JobRef } from './job-watch.ts';
import { someNodeHasKvm } from './kvm-nodes.ts';
import { type ConvertedClaims, convertedPath } from './pod-volumes.ts';
import { keepScratch, scratchClaim } from './scratch-claim.ts';
import { type WorkerJobs, workerName } from './worker-jobs.ts';
import { conversionImage, type WorkerSetup } from './worker-setup.ts';

export interface JobConversionsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly jobs: WorkerJobs;
  readonly setup: Pick<WorkerSetup, 'nodeSelector' | 'image' | 'conversion'>;
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
/** Far above any outcome; a bound for what is unpacked. */
const MAX_OUTCOME = 1024 * 1024;

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
      await this.#requireNamed(conversion, signal);
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
    const { client, jobs, setup, owner, namespace, destination, perNode } = this.#options;
    const { policy, keys, virtioWin } = plan.conversion ?? {};
    if (!isLookedInto(policy)) throw new Error('nothing is to be done to the guest');
    const claims = request.disks.map(({ key }) => claimOf(plan, key));
    const [first] = claims;
    if (first === undefined) throw new Error('a guest without disks');
    const drivers = virtioWin === undefined ? undefined : placeOf(virtioWin);
    const converted: ConvertedClaims = {
      disks: claims.map(({ metadata, spec }) => ({ claim: metadata.name, block: spec.volumeMode === 'Block' })),
      ...(policy === 'convert' && { scratch: this.#scratch }),
      ...(keys !== undefined && { keys }),
      ...(drivers !== undefined && { virtioWin: drivers.claim }),
    };
    if (policy === 'convert') {
      const capacity = plan.vm.disks.reduce((sum, disk) => sum + disk.capacity, 0);
      const scratch = scratchClaim({ name: this.#scratch, owner, namespace }, first, capacity);
      await keepScratch(scratch, this.#options, signal);
      // Who writes to a disk says so before: nothing boots from what is half written.
      for (const { key } of request.disks) await destination.reopened(plan, key, signal);
    }
    const { kvm: wish } = setup.conversion;
    const kvm = wish === 'auto' ? await someNodeHasKvm(client, setup, signal) : wish === 'always';
    const inside: ConversionRequest = {
      ...request,
      disks: request.disks.map((disk, index) => ({ ...disk, path: convertedPath(index, converted.disks[index] ?? WHOLE_FILE) })),
      ...(drivers !== undefined && { virtioWin: drivers.path }),
    };
    const order = { kind: 'convert', request: inside, policy, accelerator: kvm ? 'kvm' : 'tcg' } as const;
    await jobs.start({ ...ref, owner, labels: { [CONVERTS]: owner.uid }, order, converted, kvm }, signal, perNode);
  }

  async #requireNamed({ keys, virtioWin }: ConversionTerms, signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options;
    if (keys !== undefined && (await client.get(SECRETS, { namespace, name: keys }, { signal })) === undefined) {
      throw new MigrationError('config-invalid', `There is no Secret ${keys} in ${namespace}, where guests are converted.`, {
        hint: 'Make it: a value a passphrase, alone or behind /dev/sda2=.',
      });
    }
    if (virtioWin === undefined) return;
    const { claim } = placeOf(virtioWin);
    if ((await client.get(CLAIMS, { namespace, name: claim }, { signal })) !== undefined) return;
    throw new MigrationError('virtio-win-missing', `There is no claim ${claim} in ${namespace}, where guests are converted.`, {
      hint: 'Make the claim, and put the content of virtio-win onto it, or its ISO image.',
    });
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
const WHOLE_FILE = { block: false };

/** `claim`, or `claim/path`. */
function placeOf(virtioWin: string): { readonly claim: string; readonly path: string } {
  const at = virtioWin.indexOf('/');
  const claim = at < 0 ? virtioWin : virtioWin.slice(0, at);
  return { claim, path: `${WORKER_PATHS.virtioWin}${at < 0 ? '' : virtioWin.slice(at)}` };
}

/** Undefined for what is no outcome. */
async function outcomeOf(said: unknown): Promise<GuestOutcome | undefined> {
  const packed = textAt(said, 'outcome');
  if (packed === undefined) return undefined;
  try {
    const text = String(await promisify(gunzip)(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_OUTCOME }));
    const outcome: unknown = JSON.parse(text);
    return isOutcome(outcome) ? outcome : undefined;
  } catch {
    return undefined;
  }
}

function isOutcome(value: unknown): value is GuestOutcome {
  const texts = ['policy', 'copy', 'accelerator'].every((field) => textAt(value, field) !== undefined);
  return texts && ['changes', 'warnings', 'seconds', 'disks'].every((field) => Array.isArray(at(value, field)));
}
