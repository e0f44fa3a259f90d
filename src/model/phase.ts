/** The phases of a migration and the two itineraries. The state machine over them is src/plan/advance.ts. */

export type Phase =
  | 'Pending'
  | 'EnableTracking'
  | 'Snapshot'
  | 'CopyDisks'
  | 'AwaitPrecopy'
  | 'CopyDelta'
  | 'AwaitCutover'
  | 'PowerOffSource'
  | 'CopyFinalDelta'
  | 'Convert'
  | 'CreateVm'
  | 'Prove'
  | 'AwaitCommit'
  | 'Completed'
  | 'Committed'
  | 'RolledBack'
  | 'Failed'
  | 'Canceled';

export type TerminalPhase = 'Completed' | 'Committed' | 'RolledBack' | 'Failed' | 'Canceled';

export type MigrationType = 'cold' | 'warm';

const TERMINAL: ReadonlySet<Phase> = new Set<Phase>(['Completed', 'Committed', 'RolledBack', 'Failed', 'Canceled']);

export function isTerminal(phase: Phase): phase is TerminalPhase {
  return TERMINAL.has(phase);
}
