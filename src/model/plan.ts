/** What will happen to each VM, and how far it is. */
import type { ErrorCode } from './error-codes.ts';
import type { Mapping } from './mapping.ts';
import type { MigrationType, Phase, WorkPhase } from './phase.ts';
import type { TransferResult } from './transfer.ts';
import type { SourceVm } from './vm.ts';

/** Everything needed to migrate one VM, decided beforehand. */
export interface VmPlan {
  readonly vm: SourceVm;
  readonly type: MigrationType;
  /** The work phases in their order. */
  readonly itinerary: readonly WorkPhase[];
  readonly mapping: Mapping;
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
  /** Somebody else's work is done while the phase goes on. */
  | { readonly kind: 'hook-ended'; readonly result: HookResult }
  /** The source runs and is about to be brought to rest: from now on a failure has to start it again. */
  | { readonly kind: 'source-stopping' }
  | ({ readonly kind: 'failed' } & Omit<Failure, 'phase'>)
  | ({ readonly kind: 'canceled' } & Pick<Failure, 'source'>);

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
  /** Set in Failed and Canceled. */
  readonly failure?: Failure;
  /** The source ran when this migration stopped it. */
  readonly sourceStopped?: boolean;
}
