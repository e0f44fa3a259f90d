/** How a migration is shown. The ways of showing are the files beside this one; none of them decides anything. */
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { TransferProgress } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';

/** A disk that is moved, or read again. */
export interface Subject {
  readonly id: string;
  readonly vm: string;
  readonly disk: string;
  /** Guest-visible size. */
  readonly capacity: Bytes;
  /** All of it, what changed, or what is on the target already. */
  readonly pass: 'full' | 'delta' | 'check';
}

export interface Display extends AsyncDisposable {
  phase(plan: VmPlan, progress: VmProgress): void;
  starts(disk: Subject): void;
  moves(progress: TransferProgress): void;
  ends(disk: Pick<Subject, 'id'>, failed: string | undefined): void;
  /** Something else that a person should see. */
  note(text: string): void;
}

export const STAGES = { copy: 'copying', prove: 'proving' } as const;

export function endLine(job: string, milliseconds: number, failed: string | undefined): string {
  return failed === undefined ? `${job}: done in ${(milliseconds / 1000).toFixed(1)} s` : `${job}: failed: ${failed}`;
}
