/** How checkpoints of ours are named towards everybody else: as opaque texts that survive a restart. */
import { hash } from 'node:crypto';
import { fold } from './windows-path.ts';

/** A recovery checkpoint. The host is told both: nothing is touched that has not both. */
export interface SnapshotId {
  /** `InstanceID` of its settings. */
  readonly instance: string;
  readonly name: string;
}

export function writeSnapshotId({ instance, name }: SnapshotId): string {
  return `${instance}|${name}`;
}

export function readSnapshotId(id: string): SnapshotId {
  const at = id.indexOf('|');
  return at < 0 ? { instance: id, name: '' } : { instance: id.slice(0, at), name: id.slice(at + 1) };
}

/**
 * State of the change tracking of a disk at one instant: the reference point that the host keeps, the disk's RCT id in it, and a digest of the path
 * of the image that was frozen then. A host counts the changes of one image: where another one is the top of the chain, because somebody made,
 * removed or applied a checkpoint or moved the storage, its answer is not relied on.
 */
export interface TrackedState {
  /** `Msvm_VirtualSystemReferencePoint.InstanceID` */
  readonly referencePoint: string;
  readonly rct: string;
  readonly image: string;
}

export function writeTrackedState({ referencePoint, rct, image }: TrackedState): string {
  return `${referencePoint}|${rct}|${image}`;
}

/** Undefined for what is none of ours. */
export function readTrackedState(text: string): TrackedState | undefined {
  const [referencePoint = '', rct = '', image = '', ...more] = text.split('|');
  if (referencePoint === '' || rct === '' || image === '' || more.length > 0) return undefined;
  return { referencePoint, rct, image };
}

export function imageDigest(path: string): string {
  return hash('sha256', fold(path), 'hex').slice(0, 16);
}
