/**
 * Pure: what happens in which order. This room turns a mapping into a plan and moves progress along it.
 * No I/O, no time: instants are arguments.
 */
import type { MigrationType, WorkPhase } from '../model/phase.ts';

/**
 * One list a migration type, in the order in which phases are entered for the first time; a phase that is not in it cannot be reached.
 * A warm migration goes round from AwaitPrecopy and AwaitCutover to Snapshot, as often as precopies are due (advance.ts).
 */
export const ITINERARIES: Readonly<Record<MigrationType, readonly [WorkPhase, ...WorkPhase[]]>> = {
  cold: ['Pending', 'PowerOffSource', 'CopyDisks', 'Convert', 'CreateVm', 'Prove'],
  warm: [
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
    'CreateVm',
    'Prove',
  ],
};

export interface ItineraryOptions {
  /** The VM is cut over together with others. */
  readonly group: boolean;
  /** It can be taken back for a while. */
  readonly commit: boolean;
  /** Something becomes of the source when the VM is at its target for good. */
  readonly retire?: boolean;
}

/** The phases of one VM. */
export function itineraryOf(type: MigrationType, { group, commit, retire = false }: ItineraryOptions): readonly WorkPhase[] {
  const phases = ITINERARIES[type].flatMap((phase): WorkPhase[] => {
    if (phase === 'PowerOffSource' && group && type === 'cold') return ['AwaitCutover', phase];
    return phase === 'CreateVm' && group ? ['AwaitGroup', phase] : [phase];
  });
  return [...phases, ...(commit ? (['AwaitCommit'] as const) : []), ...(retire ? (['RetireSource'] as const) : [])];
}
