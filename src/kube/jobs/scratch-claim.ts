/**
 * The claim for what a conversion writes before it is committed to the disks. It has to outlive the Pods that work on the guest: one that was
 * killed while it committed is followed by one that commits the rest.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import { type Bytes, GiB, MiB } from '../../model/units.ts';
import type { KubeClient, KubeObject } from '../client/kube-client.ts';
import { CLAIMS } from '../kinds.ts';
import { workClaim } from './work-claim.ts';
import type { Belonging } from './worker-pod.ts';

/** Kernels' RAM disks and drivers are some 100 MiB, and a relabelled file system writes all of its inodes: 2 GiB and a twentieth of the disks. */
const LEAST: Bytes = 2 * GiB;
const SHARE = 0.05;
/** No conversion was seen to write a tenth of that. */
const MOST: Bytes = 16 * GiB;

/** Beside the claim of the first disk. @param capacity of all disks */
export function scratchClaim(about: Belonging, first: PersistentVolumeClaim, capacity: Bytes): KubeObject {
  const size = Math.min(MOST, LEAST + Math.ceil((capacity * SHARE) / MiB) * MiB);
  return workClaim(about, first, size);
}

const LOOK_EVERY_MS = 1000;

/** Makes it where it is not there; one that is there stays as it is, and one that is on its way out is waited for. */
export async function keepScratch(
  claim: KubeObject,
  { client, clock }: { readonly client: KubeClient; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name } = claim.metadata;
  for (;;) {
    const found = await client.get(CLAIMS, { namespace, name }, { signal });
    if (found === undefined) break;
    if (found.metadata.deletionTimestamp === undefined) return;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
  await client.apply(CLAIMS, claim, { signal, force: true });
}
