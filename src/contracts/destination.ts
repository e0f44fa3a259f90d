/** Where migrated VMs go: a folder, or a cluster. */
import type { MigrationType } from '../model/phase.ts';
import type { VmPlan, VmProgress } from '../model/plan.ts';
import type { Report } from '../model/report.ts';
import type { Schedule } from '../model/schedule.ts';
import type { SinceCutover } from '../model/since-cutover.ts';
import type { DiskTarget } from '../model/transfer.ts';

export interface Destination {
  /**
   * Makes sure that the destination is empty, or holds exactly these VMs when `resume` is set. Changes nothing.
   * @throws MigrationError `target-occupied`, `state-unreadable`, `target-write-failed`
   */
  check(plans: readonly VmPlan[], options: ClaimOptions): Promise<void>;
  /** Checks once more and marks the destination as taken by these VMs. @throws what `check` throws */
  claim(plans: readonly VmPlan[], options: ClaimOptions): Promise<void>;
  /** Where the bytes of one disk go. */
  diskTarget(plan: VmPlan, diskKey: string): DiskTarget;
  /** What receives the bytes of one disk, as limits count it: a file system, a storage class. Absent: nobody knows. */
  receiver?(plan: VmPlan, diskKey: string): Promise<string>;
  /**
   * Does, or tries, whatever of `createVm` can be done while the source still runs: what would fail then fails now. Changes nothing that
   * a cancellation would have to undo. Absent: there is nothing of the kind.
   * @throws MigrationError what `createVm` would throw
   */
  makeReady?(plan: VmPlan, signal: AbortSignal): Promise<void>;
  /** Writes the objects of one VM; the same content when it is there already. Called only when every disk is complete. */
  createVm(plan: VmPlan, signal: AbortSignal): Promise<void>;
  /**
   * Makes sure that what `createVm` made does not run, nor will because of a call whose answer was lost: after this the source may be started
   * again. What is there stays, stopped, for whoever looks for the cause; a later `createVm` takes it up. Absent: nothing runs there by itself.
   * @returns whether there was anything
   * @throws MigrationError `target-not-stopped` and others where nobody can be sure: the source must stay off
   */
  discardVm?(plan: VmPlan, signal: AbortSignal): Promise<'never-there' | 'stopped'>;
  /**
   * Whether the disks still hold what was proven before the VM ran, once it is stopped. Absent: nobody can look.
   * @param progress of the VM: what was proven, and since when it is looked at
   */
  writtenSince?(
    plan: VmPlan,
    progress: Pick<VmProgress, 'transfers' | 'since'>,
    signal: AbortSignal,
  ): Promise<readonly SinceCutover[]>;
  /** Writes the report of the whole run and what ties the VMs together. Also runs when the migration was canceled. */
  publish(report: Report): Promise<void>;
}

export interface ClaimOptions {
  /** What is there of exactly these VMs is gone on with. */
  readonly resume: boolean;
  readonly signal: AbortSignal;
}

/** Keeps VmProgress over a kill. */
export interface Store {
  /** @throws MigrationError `state-unreadable` */
  load(targetName: string): Promise<VmProgress | undefined>;
  /** Durable when it resolves: written aside, synced, renamed. */
  save(progress: VmProgress): Promise<void>;
}

/** A file as text: relative path with forward slashes. */
export interface RenderedFile {
  readonly path: string;
  /** In pieces where it may be longer than a string can be. */
  readonly content: string | Iterable<string>;
}

/** What a migration that has begun keeps, however often it is planned anew: it may have stopped its VM, and its disks may be others. */
export interface Begun {
  readonly type: MigrationType;
  readonly targetName: string;
  /** Unless it is put into another group. */
  readonly group?: string;
  /** Names of claims by disk key. */
  readonly claims: ReadonlyMap<string, string>;
}

/** A folder can also take a dry run, and is held by one process at a time. */
export interface FolderTarget extends Destination, AsyncDisposable {
  /** Migrations that were begun here, by `VmRef.id`. @throws MigrationError `state-unreadable` */
  begun(): Promise<ReadonlyMap<string, Begun>>;
  /** By which they were begun, or gone on with; absent where none was given. @throws MigrationError `state-unreadable` */
  schedule(): Promise<Schedule | undefined>;
  /**
   * Writes everything but disks; replaces what an earlier dry run left.
   * @param more files beside those of the report
   * @throws MigrationError `target-occupied`, `target-write-failed`
   */
  render(report: Report, more?: readonly RenderedFile[]): Promise<void>;
}
