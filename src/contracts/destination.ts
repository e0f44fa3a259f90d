/** Where migrated VMs go: a folder today; a cluster is the second implementation. */
import type { VmPlan, VmProgress } from '../model/plan.ts';
import type { Report } from '../model/report.ts';
import type { DiskTarget } from '../model/transfer.ts';

export interface Destination {
  /** Name for people. */
  readonly name: string;
  /**
   * Makes sure that the destination is empty, or holds exactly these VMs when `resume` is set. Nothing is changed before this passes.
   * @throws MigrationError `target-occupied`, `state-unreadable`
   */
  claim(plans: readonly VmPlan[], options: { readonly resume: boolean; readonly signal: AbortSignal }): Promise<void>;
  /** Where the bytes of one disk go. */
  diskTarget(plan: VmPlan, diskKey: string): DiskTarget;
  /** Writes the manifests of one VM; replaces what is there with the same content. Called only when every disk is complete. */
  createVm(plan: VmPlan, signal: AbortSignal): Promise<void>;
  /** Writes the report of the whole run. */
  publish(report: Report, signal: AbortSignal): Promise<void>;
}

/** Keeps VmProgress over a kill. */
export interface Store {
  load(targetName: string): Promise<VmProgress | undefined>;
  /** Durable when it resolves: written aside, synced, renamed. */
  save(progress: VmProgress): Promise<void>;
}
