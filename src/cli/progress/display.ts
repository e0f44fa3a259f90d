/** How a migration is shown. The ways of showing are the files beside this one; none of them decides anything. */
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { TransferJob, TransferProgress } from '../../model/transfer.ts';

export interface Display extends AsyncDisposable {
  phase(plan: VmPlan, progress: VmProgress): void;
  starts(job: TransferJob): void;
  moves(progress: TransferProgress): void;
  ends(job: TransferJob, failed: string | undefined): void;
  /** Something else that a person should see. */
  note(text: string): void;
}

export const STAGES = { copy: 'copying', prove: 'proving' } as const;

export function endLine(job: string, milliseconds: number, failed: string | undefined): string {
  return failed === undefined ? `${job}: done in ${(milliseconds / 1000).toFixed(1)} s` : `${job}: failed: ${failed}`;
}
