/** The schedule of a run as the dry run draws it: what begins when, as far as it is known beforehand. */
import type { Spread } from './estimate.ts';
import type { CutoverPolicy } from './schedule.ts';

export interface ScheduleReport {
  /** Nothing begins before it, ISO 8601; absent: it begins at once. */
  readonly start?: string;
  /** Seconds between the beginnings of precopies; absent: as what they measure says. */
  readonly precopyEvery?: number;
  readonly cutover: CutoverPolicy['kind'];
  /** No cutover while its downtime is predicted to be longer than this many seconds. */
  readonly downtimeBudget?: number;
  /** Those that are migrated warm. */
  readonly vms: readonly VmSchedule[];
  /** VMs that are cut over together or not at all. */
  readonly groups: readonly ScheduledGroup[];
}

export interface VmSchedule {
  /** `VmRef.id` */
  readonly vm: string;
  readonly name: string;
  /** When the full copy begins, and when it is likely to have ended, ISO 8601. Waits for other VMs are not counted. */
  readonly copyFrom: string;
  readonly copiedBy: string;
  /** Predicted seconds from the shutdown of the source to the booted target. */
  readonly downtime: Spread;
  /** The next spans in which the cutover may begin and ends in time, as long as the prediction holds; none where somebody has to say when. */
  readonly occasions: readonly Occasion[];
  /** Why there is no occasion. */
  readonly because?: string;
}

export interface Occasion {
  /** ISO 8601. */
  readonly from: string;
  /** By then it must have ended; absent: whenever. */
  readonly until?: string;
}

export interface ScheduledGroup {
  readonly name: string;
  /** Names of VMs. */
  readonly vms: readonly string[];
  /** The next span that suits all its warm VMs; absent where there is none, or somebody has to say when. */
  readonly next?: Occasion;
}
