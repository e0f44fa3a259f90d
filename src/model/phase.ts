/** The phases of a migration. Their order is data in src/plan/itineraries.ts, the state machine is src/plan/advance.ts. */

export const WORK_PHASES = [
  'Pending',
  'EnableTracking',
  'Snapshot',
  'CopyDisks',
  'CopyDelta',
  'AwaitPrecopy',
  'AwaitCutover',
  'PowerOffSource',
  'CopyFinalDelta',
  'Convert',
  'AwaitGroup',
  'CreateVm',
  'Prove',
  'AwaitCommit',
  'RetireSource',
  'RollBack',
  'InspectTarget',
] as const;

export type WorkPhase = (typeof WORK_PHASES)[number];

/** `Completed`: nothing is left to do. `Committed`: the same after a commit window. `RolledBack`: the source runs again, for good. */
export const TERMINAL_PHASES = ['Completed', 'Committed', 'RolledBack', 'Failed', 'Canceled'] as const;

export type TerminalPhase = (typeof TERMINAL_PHASES)[number];

export type Phase = WorkPhase | TerminalPhase;

/** `cold`: the VM is off while it is copied. `warm`: it runs until its cutover. */
export type MigrationType = 'cold' | 'warm';

const TERMINAL: ReadonlySet<string> = new Set(TERMINAL_PHASES);

export function isTerminal(phase: Phase): phase is TerminalPhase {
  return TERMINAL.has(phase);
}

/** The VM is at the target, for good or for now. */
export function isMigrated(phase: Phase | undefined): boolean {
  return phase === 'Completed' || phase === 'Committed';
}
