/**
 * A report as JSON: `-o json`, `-o ndjson` and report.json. The published schema is made from these types, comments included.
 * It says what a Report says, once: a VM is not repeated in its plan, and sentences that many decisions share stand in one table.
 */
import type { ProofTerms } from './boot-proof.ts';
import type { Concern } from './concern.ts';
import type { ConversionTerms, GuestScript } from './conversion.ts';
import type { Downtime } from './downtime.ts';
import type { Estimate, Readiness } from './estimate.ts';
import type { GuestInspection, NetworkFile } from './guest-inspection.ts';
import type { Manifest } from './manifest.ts';
import type { Decision, DiskPlacement } from './mapping.ts';
import type { MigrationType, WorkPhase } from './phase.ts';
import type { VmProgress } from './plan.ts';
import type { Report } from './report.ts';
import type { SourceVm } from './vm.ts';

/** Output of `-o json`, and report.json. Everything that a Report says about the run as a whole is in it as it is. */
export interface ReportDocument extends Omit<Report, 'vms'> {
  readonly vms: readonly VmDocument[];
  /** Why things are as they are: decisions point here by index. Absent when the report was asked for without plans. */
  readonly reasons?: readonly Reason[];
}

/** A sentence that explains decisions. */
export type Reason = Pick<Decision, 'rule' | 'because'>;

export interface VmDocument {
  /** Facts as the source states them; what is absent is unknown. */
  readonly vm: SourceVm;
  /** From assessment and mapping together, gravest first. */
  readonly concerns: readonly Concern[];
  /** What a look into its disks found, where somebody looked before the copy. */
  readonly inspection?: InspectionDocument;
  /** Predicted bytes, time and downtime. */
  readonly estimate?: Estimate;
  /** How easy the VM is to move. */
  readonly readiness?: Readiness;
  /** Absent in the output of `assess`. */
  readonly plan?: PlanDocument;
  /** Present once a migration has begun. */
  readonly progress?: VmProgress;
  /** Present once the source was stopped. */
  readonly downtime?: Downtime;
}

export interface PlanDocument {
  readonly type: MigrationType;
  /** The work phases in their order. */
  readonly itinerary: readonly WorkPhase[];
  /** VMs of the same group are cut over together, or not at all. */
  readonly group?: string;
  /** What becomes of the guest on the copied disks; absent: nobody looks into it. */
  readonly conversion?: ConversionDocument;
  /** What has to be seen of the guest at the target; absent: nobody looks. */
  readonly proof?: ProofTerms;
  readonly mapping: MappingDocument;
}

/** Without what is in files of the guest, which may be secret, and the list of its packages. */
export interface InspectionDocument extends Omit<GuestInspection, 'network' | 'applications'> {
  readonly network: readonly Omit<NetworkFile, 'text'>[];
}

/** Scripts by name: their text is in the plan. */
export interface ConversionDocument extends Omit<ConversionTerms, 'scripts'> {
  readonly scripts?: readonly Pick<GuestScript, 'name' | 'when'>[];
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
