/** What people want of a VM that is under way: read anew whenever it waits, because they change their minds. */
import type { MigrationType, Phase } from '../model/phase.ts';
import type { VmPlan } from '../model/plan.ts';
import type { CommitPolicy, Schedule } from '../model/schedule.ts';

export interface Wishes {
  /** As of now. */
  of(plan: VmPlan): VmWishes;
  /** Resolves when they may be others. Rejects with the signal's reason. */
  changed(plan: VmPlan, signal: AbortSignal): Promise<void>;
}

export interface VmWishes {
  readonly schedule: Schedule;
  /** Why its target must not change for the moment, in words that follow "because": nothing more is copied to it, and it is not cut over. */
  readonly held?: string;
  /** Somebody said: cut over at this instant (milliseconds since the epoch), or as soon after as can be. Goes before the schedule's policy. */
  readonly cutoverAt?: number;
  /** Absent: a VM that was seen to run is final. */
  readonly commit?: CommitPolicy;
  /** What somebody said about a VM that can be taken back. */
  readonly decision?: 'commit' | 'roll-back';
  /** The other VMs of its group. */
  readonly companions?: readonly Companion[];
}

export interface Companion {
  readonly name: string;
  readonly type: MigrationType;
  /** Absent before it begins. */
  readonly phase?: Phase;
}
