/** What a source knows of the blocks of its disks (CBT, RCT). */
import type { Extent, TrackedDisk } from '../model/transfer.ts';
import type { VmRef } from '../model/vm.ts';

export interface ChangeTracking {
  /**
   * Switches tracking on for every disk that can have it. Changes the configuration of the source VM, so it is done only when asked.
   * @throws MigrationError `change-tracking-unavailable`
   */
  enable(vm: VmRef, signal: AbortSignal): Promise<TrackingState>;
  /**
   * Extents of a disk in a snapshot, ascending: those that changed `since` a checkpoint, or with `allocated` those that hold data.
   * @throws MigrationError `change-tracking-reset` when the source has lost count (compare everything), `change-tracking-unavailable`
   */
  changed(request: ChangeRequest, signal: AbortSignal): AsyncIterable<Extent>;
  /**
   * Lets go of what the source keeps for these checkpoints of ours (Hyper-V: reference points). What is gone already stays so. Absent where a
   * checkpoint costs the source nothing.
   */
  forget?(vm: VmRef, checkpoints: readonly string[], signal: AbortSignal): Promise<void>;
  /** What the source keeps for these checkpoints, and how a person removes it, as sentences; empty where it keeps nothing. There where `forget` is. */
  byHand?(vm: VmRef, checkpoints: readonly string[]): string;
}

export interface TrackingState {
  /** Keys of the disks that are tracked now. */
  readonly tracked: readonly string[];
  /** Disks that cannot be, with the reason. */
  readonly untracked: readonly { readonly disk: string; readonly because: string }[];
}

export interface ChangeRequest extends TrackedDisk {
  readonly since: 'allocated' | { readonly checkpoint: string };
}
