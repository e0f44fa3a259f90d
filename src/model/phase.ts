/** The phases of a migration. Their order is data in src/plan/itineraries.ts, the state machine is src/plan/advance.ts. */

export type WorkPhase = 'Pending' | 'PowerOffSource' | 'CopyDisks' | 'Convert' | 'CreateVm' | 'Prove';

export type TerminalPhase = 'Completed' | 'Failed' | 'Canceled';

export type Phase = WorkPhase | TerminalPhase;

export type MigrationType = 'cold';

export function isTerminal(phase: Phase): phase is TerminalPhase {
  return phase === 'Completed' || phase === 'Failed' || phase === 'Canceled';
}
