/**
 * Pure: what happens in which order. This room turns a mapping into a plan and moves progress along it.
 * No I/O, no time: instants are arguments.
 */
import type { MigrationType, WorkPhase } from '../model/phase.ts';

/** One list a migration type; a phase that is not in it cannot be reached. */
export const ITINERARIES: Readonly<Record<MigrationType, readonly [WorkPhase, ...WorkPhase[]]>> = {
  cold: ['Pending', 'PowerOffSource', 'CopyDisks', 'Convert', 'CreateVm', 'Prove'],
};
