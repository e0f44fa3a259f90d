/** A migration whose state is in a folder, as another process than the one that migrates sees it, and as people act upon it. */
import type { VmProgress } from '../model/plan.ts';
import type { Store } from './destination.ts';
import type { Wishes } from './wishes.ts';

export interface FolderMigration {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Process that migrates at the moment; undefined when none does. */
  worker(): Promise<number | undefined>;
  /** @throws MigrationError `state-unreadable` */
  vms(): Promise<readonly FolderVm[]>;
  /**
   * Asks for the cutover of these VMs, at this instant (milliseconds since the epoch) or as soon after as can be. Durable when it resolves;
   * a process that migrates sees it at once, one that is started later when it starts.
   * @throws MigrationError `target-full`, `target-write-failed`
   */
  askCutover(targets: readonly string[], at: number): Promise<void>;
  /** What was asked for is taken back: the schedule decides again. Nothing happens to VMs that are at their cutover already. */
  withdrawCutover(targets: readonly string[]): Promise<void>;
}

export interface FolderVm {
  readonly target: string;
  /** `VmRef.id` */
  readonly vm: string;
  /** As the source calls it. */
  readonly name: string;
  readonly group?: string;
  /** Absent before it begins. */
  readonly progress?: VmProgress;
  /** When somebody wants it cut over, milliseconds since the epoch. */
  readonly cutoverAt?: number;
}

/** Wishes for VMs whose state is in a folder. */
export interface FolderWishes extends Wishes, AsyncDisposable {
  /** Remembers what is saved, so that VMs of a group know of each other. */
  readonly store: Store;
  /** Aborts when every VM that has not ended waits for one of its group that failed: nobody tries that again in this process. */
  readonly stuck: AbortSignal;
}
