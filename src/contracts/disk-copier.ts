/** What moves bytes. Implemented in src/transfer; in a cluster by worker Jobs that run the same code. */

import type { PlannedTransfer, TransferJob, TransferProgress, TransferResult } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import type { SourceAccess } from './source-access.ts';

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** Called at most a few times a second per job, and once at the end of each stage. Must not throw. */
  readonly onProgress: (progress: TransferProgress) => void;
  /** Called when the copy cannot go on for now, with the reason ("a node: …"), and with undefined when it can again. Must not throw. */
  readonly onWait?: (because: string | undefined) => void;
  /** The way to sources that live on a server. @see Connection.access */
  readonly access?: SourceAccess;
  /** Finished results of an earlier run by job id. A result is trusted only after the target was found as it was left. */
  readonly earlier?: ReadonlyMap<string, TransferResult>;
}

export type StandByDisk = Pick<TransferJob, 'disk' | 'target'>;

export interface StandByOptions {
  readonly signal: AbortSignal;
  /** Called when something is in the way, as CopyOptions.onWait. Must not throw. */
  readonly onWait?: (disk: StandByDisk, because: string | undefined) => void;
}

export interface DiskCopier {
  /**
   * Bytes that the jobs will occupy on each target file system at most, checked against what is free there.
   * @throws MigrationError `space-insufficient` naming file system, need and free space
   */
  preflight(jobs: readonly PlannedTransfer[], signal: AbortSignal): Promise<{ readonly needed: Bytes }>;
  /**
   * Brings one disk to its target. Idempotent: the target has its final name only when complete, synced and (where asked) proven.
   * Aborting leaves nothing under the final name.
   * @throws MigrationError `source-read-failed`, `target-full`, `target-write-failed`, `proof-mismatch`, `canceled`, …
   */
  copy(job: TransferJob, options: CopyOptions): Promise<TransferResult>;
  /**
   * Brings up what the last pass over these disks needs, while their VM still runs: that it has to start is no downtime then. What is there
   * already stays. Resolves when it stands by, or after a while in which it could not: the pass comes about without it. Absent where nothing has to start.
   * @throws MigrationError why nothing can be started
   */
  standBy?(disks: readonly StandByDisk[], options: StandByOptions): Promise<void>;
  /** There will be no last pass now: what stood by for one goes. What copies goes on. */
  standDown?(disks: readonly StandByDisk[], signal: AbortSignal): Promise<void>;
  /** The result of a copy is stored: what only served to come to it may go. Absent where nothing is left. */
  release?(job: TransferJob, signal: AbortSignal): Promise<void>;
  /**
   * No delta will ever come to this target again: what was kept for one goes. Until then a target that was published can be opened again by a
   * delta that stays open: what others wrote to it is found, and brought from the source with what changed there.
   */
  forget?(disk: Pick<TransferJob, 'disk' | 'target'>, signal: AbortSignal): Promise<void>;
}
