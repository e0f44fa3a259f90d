/** One Report is what every renderer renders, for a dry run and for a finished migration alike. */
import type { Concern } from './concern.ts';
import type { Downtime } from './downtime.ts';
import type { Assumption, Estimate, Readiness, WavePlan } from './estimate.ts';
import type { GuestInspection } from './guest-inspection.ts';
import type { SharedObject } from './mapping.ts';
import type { VmPlan, VmProgress } from './plan.ts';
import type { ScheduleReport } from './schedule-report.ts';
import type { StorageClassReport } from './storage-class-report.ts';
import type { SourceVm } from './vm.ts';

export interface VmReport {
  readonly vm: SourceVm;
  /** From assessment and mapping together, gravest first. */
  readonly concerns: readonly Concern[];
  readonly plan: VmPlan;
  /** What a look into its disks found, where somebody looked before the copy. */
  readonly inspection?: GuestInspection;
  /** Predicted bytes, time and downtime; what it assumes about the whole run is in Report.assumptions. */
  readonly estimate?: Estimate;
  readonly readiness?: Readiness;
  /** Present once a migration has begun. */
  readonly progress?: VmProgress;
  /** Present once the source was stopped. */
  readonly downtime?: Downtime;
}

export interface Report {
  /** `kubeferry.dev/report/v1`: changes only with the meaning of a field. */
  readonly schema: 'kubeferry.dev/report/v1';
  readonly source: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly vms: readonly VmReport[];
  /** Network objects that the VMs share, made once for the run. Absent unless they were asked for. */
  readonly networks?: readonly SharedObject[];
  /** Concerns about the run as a whole: names that collide, maps with unknown sources. */
  readonly concerns: readonly Concern[];
  /** What all estimates rest on. */
  readonly assumptions?: readonly Assumption[];
  /** What the storage classes that the plan uses can do, by name. */
  readonly storageClasses?: readonly StorageClassReport[];
  /** Proposed waves. */
  readonly waves?: WavePlan;
  /** When what begins; present where a schedule was given. */
  readonly schedule?: ScheduleReport;
}
