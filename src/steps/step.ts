/**
 * One phase, one file: a step looks first, then acts, and tells the state machine what happened.
 * Every step is idempotent: after a kill it is run again from its beginning. Steps see contracts, never adapters.
 */
import type { Clock } from '../contracts/clock.ts';
import type { Destination } from '../contracts/destination.ts';
import type { DiskCopier } from '../contracts/disk-copier.ts';
import type { BootProver, GuestConversions } from '../contracts/guests.ts';
import type { JobQueue } from '../contracts/job-queue.ts';
import type { Observer } from '../contracts/observer.ts';
import type { Connection, PowerOffOptions } from '../contracts/provider.ts';
import type { Wishes } from '../contracts/wishes.ts';
import type { StepEvent, VmPlan, VmProgress } from '../model/plan.ts';

/** What a step may use. */
export interface StepContext {
  readonly connection: Connection;
  readonly destination: Destination;
  readonly copier: DiskCopier;
  /** Orders the transfers of all VMs. */
  readonly transfers: JobQueue;
  /** Absent where no plan asks for a conversion. */
  readonly conversions?: GuestConversions;
  /** Absent where no plan asks for a boot proof. */
  readonly prover?: BootProver;
  readonly observer: Observer;
  readonly clock: Clock;
  /** What people want of VMs that wait; absent: that they are cut over as soon as they are ready, for good. */
  readonly wishes?: Wishes;
  /** How a running source is brought to rest; absent: as the provider does it. */
  readonly shutdown?: PowerOffOptions;
  /** Start a source again that this migration stopped, when it ends before its time; `ask`: it stays off until somebody says so. */
  readonly powerOnAfterFailure: boolean | 'ask';
  /** Compare every byte of the target with the source. */
  readonly verify: boolean;
  /** Read each source a second time and compare. */
  readonly recheckSource?: boolean;
  /** Read all of a target back that deltas came to, not only what no pass has read since it was written. */
  readonly proveAll?: boolean;
  readonly signal: AbortSignal;
  /** Persists an event in the middle of a phase. */
  readonly record: (event: StepEvent) => Promise<void>;
}

/**
 * Throws MigrationError when the world fails, the signal's reason when canceled, and anything else for a bug.
 */
export type Step = (plan: VmPlan, progress: VmProgress, context: StepContext) => Promise<StepEvent>;
