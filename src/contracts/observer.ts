/** Who is told how a migration goes: a progress bar, a log, later conditions and events. Must not throw. */
import type { VmPlan, VmProgress } from '../model/plan.ts';
import type { TransferJob, TransferProgress } from '../model/transfer.ts';

export interface Observer {
  /** The VM entered `progress.phase`. */
  phase(plan: VmPlan, progress: VmProgress): void;
  /** The VM stays in its phase until something happens; `progress.outlook` says what. */
  parked?(plan: VmPlan, progress: VmProgress): void;
  /** A disk is about to be moved. */
  transferStarts(job: TransferJob): void;
  /** At most a few times a second per job. */
  transferMoves(progress: TransferProgress): void;
  /** The disk waits for something outside, in words that follow "waiting for"; undefined: not any more. */
  transferWaits?(job: Pick<TransferJob, 'disk'>, because: string | undefined): void;
  /** A hook waits for something outside, in the same words. */
  hookWaits?(because: string | undefined): void;
  /** What is done to the guest, or seen of it, at the moment. */
  guestWork?(plan: VmPlan, text: string): void;
  /** That waits for something outside, in words that follow "waiting for"; undefined: not any more. */
  guestWaits?(plan: VmPlan, because: string | undefined): void;
  /** The disk is on its target, or not: then `failed` holds the message. */
  transferEnds(job: TransferJob, failed?: string): void;
}
