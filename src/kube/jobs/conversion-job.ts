/**
 * The Job that converts the guest on the claims of a VM, or on clones of them: what it needs beside them, what it is told, and what it said in the
 * end. When it is started, and what its outcome means, is up to whoever has it: job-conversions.ts (the cutover), ../tests (a test of the target).
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock } from '../../contracts/clock.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import { type ConversionRequest, type ConversionTerms, type GuestOutcome, isLookedInto } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import type { VmPlan } from '../../model/plan.ts';
import { WORKER_PATHS } from '../../model/worker-paths.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { at, textAt } from '../facts/json.ts';
import { CLAIMS, SECRETS } from '../kinds.ts';
import type { JobRef } from './job-watch.ts';
import { someNodeHasKvm } from './kvm-nodes.ts';
import { type ConvertedClaims, convertedJournal, convertedPath } from './pod-volumes.ts';
import { keepScratch, scratchClaim } from './scratch-claim.ts';
import type { WorkerJobs } from './worker-jobs.ts';
import type { WorkerSetup } from './worker-setup.ts';

export interface ConversionJobOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly jobs: WorkerJobs;
  readonly setup: Pick<WorkerSetup, 'nodeSelector' | 'image' | 'conversion'>;
}

export interface ConversionJob {
  readonly ref: JobRef;
  readonly owner: ResourceName;
  /** Of the Job, and of the claim for what is not committed. */
  readonly labels: Readonly<Record<string, string>>;
  readonly plan: VmPlan;
  /** Where its disks are is known here. */
  readonly request: ConversionRequest;
  /** In the order of the disks of the request. */
  readonly claims: readonly PersistentVolumeClaim[];
  /** Names of the claims with the journals of their copies, by that of the claim. */
  readonly journals?: ReadonlyMap<string, string>;
  /** Name of the claim for what is not committed. */
  readonly scratch: string;
  /** Workers at once on one node; absent: nobody minds. */
  readonly perNode?: number;
}

/** Far above any outcome; a bound for what is unpacked. */
const MAX_OUTCOME = 1024 * 1024;
const WHOLE_FILE = { block: false };

/** Makes the claim that a conversion needs, where it writes at all. */
export async function keepConversionScratch(
  { plan, ref, owner, labels, claims: [first], scratch: name }: ConversionJob,
  options: Pick<ConversionJobOptions, 'client' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  if (plan.conversion?.policy !== 'convert' || first === undefined) return;
  const capacity = plan.vm.disks.reduce((sum, disk) => sum + disk.capacity, 0);
  const { metadata, ...claim } = scratchClaim({ name, owner, namespace: ref.namespace }, first, capacity);
  await keepScratch({ ...claim, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } }, options, signal);
}

export async function startConversion(
  { ref, plan, request, claims, journals, scratch, owner, labels, perNode }: ConversionJob,
  { client, jobs, setup }: Omit<ConversionJobOptions, 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const { policy, keys, virtioWin } = plan.conversion ?? {};
  if (!isLookedInto(policy)) throw new Error('nothing is to be done to the guest');
  if (claims.length === 0) throw new Error('a guest without disks');
  const drivers = virtioWin === undefined ? undefined : placeOf(virtioWin);
  const converted: ConvertedClaims = {
    disks: claims.map(({ metadata, spec }) => {
      const journal = journals?.get(metadata.name);
      return { claim: metadata.name, block: spec.volumeMode === 'Block', ...(journal !== undefined && { journal }) };
    }),
    ...(policy === 'convert' && { scratch }),
    ...(keys !== undefined && { keys }),
    ...(drivers !== undefined && { virtioWin: drivers.claim }),
  };
  const { kvm: wish } = setup.conversion;
  const kvm = wish === 'auto' ? await someNodeHasKvm(client, setup, signal) : wish === 'always';
  const inside: ConversionRequest = {
    ...request,
    disks: request.disks.map((disk, index) => {
      const claim = converted.disks[index] ?? WHOLE_FILE;
      const journal = disk.journal !== undefined && { journal: convertedJournal(index, claim) };
      return { ...disk, path: convertedPath(index, claim), ...journal };
    }),
    ...(drivers !== undefined && { virtioWin: drivers.path }),
  };
  const order = { kind: 'convert', request: inside, policy, accelerator: kvm ? 'kvm' : 'tcg' } as const;
  await jobs.start({ ...ref, owner, labels, order, converted, kvm }, signal, perNode);
}

/** @throws MigrationError `config-invalid`, `virtio-win-missing` where something that the terms name is not in the namespace */
export async function requireNamed(
  { keys, virtioWin }: ConversionTerms,
  { client, namespace }: { readonly client: KubeClient; readonly namespace: string },
  signal: AbortSignal,
): Promise<void> {
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

/** `claim`, or `claim/path`. */
function placeOf(virtioWin: string): { readonly claim: string; readonly path: string } {
  const at = virtioWin.indexOf('/');
  const claim = at < 0 ? virtioWin : virtioWin.slice(0, at);
  return { claim, path: `${WORKER_PATHS.virtioWin}${at < 0 ? '' : virtioWin.slice(at)}` };
}

/** What a Job said in the end. Undefined for what is no outcome. */
export async function outcomeOf(said: unknown): Promise<GuestOutcome | undefined> {
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
