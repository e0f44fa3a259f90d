/** What will happen to each VM, and how far it is. */
import type { BootProof, ProofTerms } from './boot-proof.ts';
import type { ConversionTerms, GuestOutcome } from './conversion.ts';
import type { ErrorCode } from './error-codes.ts';
import type { Mapping } from './mapping.ts';
import type { MigrationType, Phase, WorkPhase } from './phase.ts';
import type { HeldSnapshot, Outlook, PrecopyPass, Setback } from './precopy.ts';
import type { WarmTerms } from './schedule.ts';
import type { SinceCutover } from './since-cutover.ts';
import type { AfterCommit } from './source-retirement.ts';
import type { TransferResult } from './transfer.ts';
import type { SourceVm } from './vm.ts';

/** Everything needed to migrate one VM, decided beforehand. */
export interface VmPlan {
  readonly vm: SourceVm;
  readonly type: MigrationType;
  /** The work phases in their order. */
  readonly itinerary: readonly WorkPhase[];
  readonly mapping: Mapping;
  /** What a warm migration is predicted by. Present for type warm. */
  readonly warm?: WarmTerms;
  /** What becomes of the guest on the copied disks; absent: nobody looks into it. */
  readonly conversion?: ConversionTerms;
  /** What has to be seen of the guest at the target; absent: nobody looks. */
  readonly proof?: ProofTerms;
  /** What becomes of the source once the VM is at its target for good; absent: it stays as it is, off. */
  readonly afterCommit?: AfterCommit;
  /** Name of the group whose VMs are cut over together, or not at all. */
  readonly group?: string;
}

/** How a phase ended. */
export interface PhaseRecord {
  readonly phase: WorkPhase;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Why there was nothing to do. */
  readonly skipped?: string;
}

/** Why a migration stopped before its end. */
export interface Failure {
  readonly phase: WorkPhase;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** What became of a source that this migration had stopped. */
  readonly source?: 'started-again' | 'left-off';
  /** What became of the VM at the target, where it may have been made already: whether it is there, it does not run. */
  readonly target?: 'stopped' | 'never-there' | 'unknown';
}

/** When somebody else's work is done; the migration waits for it. */
export type HookMoment = 'BeforeCopy' | 'AfterCopy' | 'BeforeCutover' | 'AfterCutover' | 'OnFailure';

export type HookOutcome = 'succeeded' | 'failed' | 'timed-out';

/** How a hook ended. */
export interface HookResult {
  /** Tells it from all others of this VM. */
  readonly hook: string;
  readonly at: HookMoment;
  readonly outcome: HookOutcome;
  /** What did it: the name of a Job, or of a program. */
  readonly by: string;
  readonly message: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
}

/** What a step tells the state machine. Times come from the Clock of whoever drives it. */
export type StepEvent =
  | { readonly kind: 'done' }
  | { readonly kind: 'skipped'; readonly because: string }
  /** One disk is finished while its siblings go on: the phase stays. */
  | { readonly kind: 'transferred'; readonly result: TransferResult }
  /** The disks hold the guest as it is to be, and what was done is noted; the phase stays. */
  | { readonly kind: 'converted'; readonly outcome: GuestOutcome }
  /** The guest was seen to boot, or not to; the phase stays. */
  | { readonly kind: 'boot-watched'; readonly proof: BootProof }
  /** Somebody else's work is done while the phase goes on. */
  | { readonly kind: 'hook-ended'; readonly result: HookResult }
  /** The source runs and is about to be brought to rest: from now on a failure has to start it again. */
  | { readonly kind: 'source-stopping' }
  /** The disks are frozen in this snapshot; the phase stays. */
  | { readonly kind: 'snapshot-held'; readonly held: HeldSnapshot }
  /** The snapshot is gone from the source; the phase stays. `checkpoints`: what it left behind, where the next delta of each disk begins. */
  | { readonly kind: 'snapshot-released'; readonly checkpoints?: Readonly<Record<string, string>> }
  /** The source keeps nothing more for these checkpoints; the phase stays. */
  | { readonly kind: 'checkpoints-forgotten'; readonly checkpoints: readonly string[] }
  /** The source keeps something for checkpoints that nothing asks for any more, and could not be told to let go; the phase stays. */
  | { readonly kind: 'checkpoints-left'; readonly toDo: string }
  /** The target holds what the snapshot froze; the phase stays. `checkpoints`: where the next delta of each disk begins. */
  | { readonly kind: 'pass-ended'; readonly pass: PrecopyPass; readonly checkpoints: Readonly<Record<string, string>> }
  /** The disks of the source are others than they were, and the VM was planned anew. `kept`: keys of those that are the same. */
  | { readonly kind: 'replanned'; readonly kept: readonly string[] }
  /** Nothing can be done before something happens: the VM gives up its place and is looked at again then. */
  | { readonly kind: 'parked'; readonly outlook: Outlook }
  /** What the VM at the target wrote before it was taken back; the phase stays. */
  | { readonly kind: 'target-inspected'; readonly disks: readonly SinceCutover[] }
  /** The itinerary goes on elsewhere: with another precopy, or back to the source. */
  | { readonly kind: 'turned'; readonly to: 'Snapshot' | 'RollBack' }
  | ({ readonly kind: 'failed' } & Omit<Failure, 'phase'>)
  | ({ readonly kind: 'canceled' } & Pick<Failure, 'source' | 'target'> & Partial<Pick<Failure, 'hint'>>);

/** The persisted state of one VM's migration. A killed process continues from here. */
export interface VmProgress {
  /** `VmRef.id` of the source VM. */
  readonly vm: string;
  readonly targetName: string;
  readonly type: MigrationType;
  readonly phase: Phase;
  /** When the current phase began, ISO 8601. */
  readonly since: string;
  readonly history: readonly PhaseRecord[];
  /** One per disk, the latest of each. */
  readonly transfers: readonly TransferResult[];
  /** Hooks that have ended, in their order; absent before the first. */
  readonly hooks?: readonly HookResult[];
  /** What was done to the guest on the disks that are at the target now. */
  readonly conversion?: GuestOutcome;
  /** What was seen of it there, the last time that somebody looked. */
  readonly proof?: BootProof;
  /** Set in Failed and Canceled. */
  readonly failure?: Failure;
  /** The source ran when this migration stopped it. */
  readonly sourceStopped?: boolean;
  /** Present for type warm, once it has begun. */
  readonly warm?: WarmProgress;
  /** What its VM at the target wrote, of one that was taken back; absent where nobody looked. */
  readonly sinceCutover?: readonly SinceCutover[];
  /** What the VM waits for, where it is parked, or waited for last. */
  readonly outlook?: Outlook;
}

/** Where a warm migration stands between its passes. */
export interface WarmProgress {
  /** Tells the snapshots of this migration from those of every other one of the same VM. */
  readonly id: string;
  /** Snapshot at the source that is ours; absent when none is. */
  readonly held?: HeldSnapshot;
  /** State of the source's change tracking that the target holds, by disk key. Absent disks are compared as a whole next time. */
  readonly checkpoints: Readonly<Record<string, string>>;
  /** Checkpoints that newer ones replaced, and that the source may still keep something for. */
  readonly outdated?: readonly string[];
  /** What the source still keeps although nothing asks for it any more, and what a person does about it, as sentences. */
  readonly left?: string;
  /** The full copy and the latest passes; those between them are forgotten, their number says how many there were. */
  readonly passes: readonly PrecopyPass[];
  /** Precopies in a row that failed; absent after one that did not. */
  readonly setback?: Setback;
}
