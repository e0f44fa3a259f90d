/** What will happen to each VM, and how far it is. */

import type { Mapping } from './mapping.ts';
import type { MigrationType, Phase } from './phase.ts';
import type { TransferResult } from './transfer.ts';
import type { SourceVm } from './vm.ts';

/** Everything needed to migrate one VM, decided beforehand. */
export interface VmPlan {
  readonly vm: SourceVm;
  readonly type: MigrationType;
  readonly itinerary: readonly Phase[];
  readonly mapping: Mapping;
}

/** How a phase ended; `skipped` says why it was not needed. */
export interface PhaseRecord {
  readonly phase: Phase;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly skipped?: string;
}

/** What a step tells the state machine. */
export type StepEvent =
  | { readonly kind: 'done'; readonly transfers?: readonly TransferResult[] }
  | { readonly kind: 'skipped'; readonly because: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly kind: 'canceled' };

/** The persisted state of one VM's migration. A killed process continues from here. */
export interface VmProgress {
  readonly vm: string;
  readonly targetName: string;
  readonly type: MigrationType;
  readonly phase: Phase;
  readonly history: readonly PhaseRecord[];
  readonly transfers: readonly TransferResult[];
  /** Phase in which the migration failed or was canceled, with the reason. */
  readonly failure?: { readonly phase: Phase; readonly code: string; readonly message: string; readonly hint: string };
}
