/**
 * The claim for the journal of a block device. It holds what is proven of the device, and has to outlive the Pods that write it; a ConfigMap is too
 * small for the hashes of a large disk.
 */
import type { ResourceName } from '../../contracts/resources.ts';
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import { type Bytes, MiB } from '../../model/units.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { workClaim } from './work-claim.ts';
import { workerName } from './worker-jobs.ts';
import type { Belonging } from './worker-pod.ts';

/**
 * For 1 MiB of the disk: its hash (32 bytes) with its record, twice while the journal is put in order, and room for a log between: 192. The hashes
 * of its cells, 16 of 32 bytes, in a file that is begun only where twice as much is free: 1,024. And bits.
 */
const BYTES_A_BLOCK = 1232;
const LEAST: Bytes = 64 * MiB;

/** The same in all tries: it knows itself which state of the source it is about. */
export function journalClaimName(owner: ResourceName, disk: string): string {
  return `${workerName(owner, disk)}-journal`;
}

/** Beside the claim of the disk. @param capacity of the disk */
export function journalClaim(about: Belonging, disk: PersistentVolumeClaim, capacity: Bytes): KubeObject {
  const size = LEAST + Math.ceil(((capacity / MiB) * BYTES_A_BLOCK) / MiB) * MiB;
  return workClaim(about, disk, size);
}
