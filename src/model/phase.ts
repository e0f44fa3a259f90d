/** The phases of a migration. Which of them a VM goes through is data in src/plan/itineraries.ts, the state machine is src/plan/advance.ts. */

/** In the order in which a warm migration comes to them for the first time; what asks how far a VM is rests on it. */
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

const PLACES: ReadonlyMap<string, number> = new Map(WORK_PHASES.map((phase, at) => [phase, at]));

export function isTerminal(phase: string): phase is TerminalPhase {
  return TERMINAL.has(phase);
}

/** It is at `point` or behind it. False for a terminal phase, which says nothing about how far the VM came. */
export function hasReached(phase: string, point: WorkPhase): boolean {
  return (PLACES.get(phase) ?? -1) >= WORK_PHASES.indexOf(point);
}

/** It has not come to `point` yet. False for a terminal phase. */
export function isBefore(phase: string, point: WorkPhase): boolean {
  return PLACES.has(phase) && !hasReached(phase, point);
}

/** The VM is at the target, for good or for now. */
export function isMigrated(phase: string | undefined): boolean {
  return phase === 'Completed' || phase === 'Committed';
}
