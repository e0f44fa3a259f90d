/** How a migration is shown. The ways of showing are the files beside this one; none of them decides anything. */
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { Outlook, PrecopyPass } from '../../model/precopy.ts';
import type { TransferProgress } from '../../model/transfer.ts';
import { type Bytes, formatBytes } from '../../model/units.ts';
import { outlookText } from '../../report/outlook.ts';
import { localText } from '../instants.ts';

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
  /** Once for each phase that a VM enters. */
  phase(plan: VmPlan, progress: VmProgress): void;
  /** A pass of a warm migration is on the target. */
  passed(plan: VmPlan, pass: Pass): void;
  /** A VM waits; once for each outlook. */
  waits(plan: VmPlan, outlook: Outlook): void;
  starts(disk: Subject): void;
  moves(progress: TransferProgress): void;
  ends(disk: Pick<Subject, 'id'>, failed: string | undefined): void;
  /** Something else that a person should see. */
  note(text: string): void;
}

/** A pass, and how fast the guest changed before it. */
export interface Pass extends PrecopyPass {
  /** Bytes a second since the pass before; absent for the full copy. */
  readonly changeRate?: number;
}

/** `web: pass 2, 12.0 MiB in 1.2 s, 4.00 KiB/s changed` */
export function passLine({ mapping }: VmPlan, { number, bytes, copySeconds, changeRate, compared }: Pass): string {
  return [
    `${mapping.targetName}: pass ${number}`,
    `${formatBytes(bytes)} in ${copySeconds.toFixed(1)} s`,
    ...(changeRate === undefined ? [] : [`${formatBytes(Math.round(changeRate))}/s changed`]),
    ...(compared === undefined ? [] : [`compared as a whole: ${compared.because}`]),
  ].join(', ');
}

/** `web: next precopy 14:05 (…), cutover 22:00, predicted downtime 48 s (40 s to 75 s)` @param now milliseconds since the epoch */
export function waitLine({ mapping }: VmPlan, outlook: Outlook, now: number): string {
  return `${mapping.targetName}: ${outlookText(outlook, (instant) => localText(instant, now))}`;
}

export const STAGES = { copy: 'copying', prove: 'proving' } as const;

export function endLine(job: string, milliseconds: number, failed: string | undefined): string {
  return failed === undefined ? `${job}: done in ${(milliseconds / 1000).toFixed(1)} s` : `${job}: failed: ${failed}`;
}
