/** What a warm migration has measured of itself. */
import type { Bytes } from './units.ts';

/** One reading of all disks of a VM onto their targets. */
export interface PrecopyPass {
  /** 1 is the full copy. */
  readonly number: number;
  /** The instant whose content the pass brought, ISO 8601: when its snapshot was made. */
  readonly checkpointAt: string;
  /** Bytes that were moved: what is allocated, later what changed since the checkpoint before. */
  readonly bytes: Bytes;
  /** Seconds of the moving alone. */
  readonly copySeconds: number;
  /** Seconds for the rest: making the snapshot, asking what changed, removing the snapshot. */
  readonly snapshotSeconds: number;
  /** Bytes that had to be read because a disk's checkpoint was lost, with the reason. */
  readonly compared?: { readonly bytes: Bytes; readonly because: string };
}
