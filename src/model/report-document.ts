/**
 * A report as JSON: `-o json`, `-o ndjson` and report.json. The published schema is made from these types, comments included.
 * It says what a Report says, once: a VM is not repeated in its plan, and sentences that many decisions share stand in one table.
 */
import type { Concern } from './concern.ts';
import type { Assumption, Estimate, Readiness, WavePlan } from './estimate.ts';
import type { Manifest } from './manifest.ts';
import type { Decision, DiskPlacement, SharedObject } from './mapping.ts';
import type { MigrationType, WorkPhase } from './phase.ts';
import type { VmProgress } from './plan.ts';
import type { Report } from './report.ts';
import type { SourceVm } from './vm.ts';

/** Output of `-o json`, and report.json. */
export interface ReportDocument {
  /** Changes only with the meaning of a field; new fields may appear. */
  readonly schema: Report['schema'];
  /** Name of the source, without credentials. */
  readonly source: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Network objects that the VMs share, made once for the run; absent unless they were asked for. */
  readonly networks?: readonly SharedObject[];
  /** Concerns about the run as a whole. */
  readonly concerns: readonly Concern[];
  /** What all estimates rest on. */
  readonly assumptions?: readonly Assumption[];
  /** Proposed waves; absent for a single VM. */
  readonly waves?: WavePlan;
  /** Why things are as they are: decisions point here by index. Absent when the report was asked for without plans. */
  readonly reasons?: readonly Reason[];
  readonly vms: readonly VmDocument[];
}

/** A sentence that explains decisions. */
export type Reason = Pick<Decision, 'rule' | 'because'>;

export interface VmDocument {
  /** Facts as the source states them; what is absent is unknown. */
  readonly vm: SourceVm;
  /** From assessment and mapping together, gravest first. */
  readonly concerns: readonly Concern[];
  /** Predicted bytes, time and downtime. */
  readonly estimate?: Estimate;
  /** How easy the VM is to move. */
  readonly readiness?: Readiness;
  /** Absent in the output of `assess`. */
  readonly plan?: PlanDocument;
  /** Present once a migration has begun. */
  readonly progress?: VmProgress;
}

export interface PlanDocument {
  readonly type: MigrationType;
  /** The work phases in their order. */
  readonly itinerary: readonly WorkPhase[];
  readonly mapping: MappingDocument;
}

export interface MappingDocument {
  /** Name of the VirtualMachine on the target. */
  readonly targetName: string;
  readonly manifests: readonly Manifest[];
  readonly placements: readonly DiskPlacement[];
  readonly decisions: readonly DecisionDocument[];
}

/** A decision whose explanation stands in the table `reasons`. */
export interface DecisionDocument extends Omit<Decision, 'rule' | 'because'> {
  /** Index into `reasons`: whole number from 0. */
  readonly reason: number;
}

/** One line of `-o ndjson`: one VM, with the explanations of its own decisions. What concerns the whole run is in `-o json`. */
export interface VmLine extends VmDocument {
  readonly schema: Report['schema'];
  readonly reasons?: readonly Reason[];
}
