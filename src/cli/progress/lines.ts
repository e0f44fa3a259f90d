/** Where there is no terminal: a line a step. */
import type { Clock } from '../../contracts/clock.ts';
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { Outlook } from '../../model/precopy.ts';
import type { TransferProgress } from '../../model/transfer.ts';
import { formatBytes } from '../../model/units.ts';
import { printable } from '../../report/columns.ts';
import type { Terminal } from '../services.ts';
import { type Display, endLine, type Pass, passLine, STAGES, type Subject, waitLine } from './display.ts';

/** One line when a stage of a disk begins and when the disk is finished. */
export class Lines implements Display {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #stages = new Map<string, { readonly stage: string; readonly since: number }>();

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  phase({ mapping }: VmPlan, { phase }: VmProgress): void {
    this.note(`${mapping.targetName}: ${phase}`);
  }

  passed(plan: VmPlan, pass: Pass): void {
    this.note(passLine(plan, pass));
  }

  waits(plan: VmPlan, outlook: Outlook): void {
    this.note(waitLine(plan, outlook, this.#clock.now()));
  }

  starts({ id }: Subject): void {
    this.#stages.set(id, { stage: '', since: this.#clock.now() });
  }

  moves({ job, stage, total, kept }: TransferProgress): void {
    const known = this.#stages.get(job);
    if (known === undefined || known.stage === stage) return;
    this.#stages.set(job, { ...known, stage });
    this.note(`${job}: ${STAGES[stage]} ${formatBytes(total)}${kept ? `, ${formatBytes(kept)} of it from before` : ''}`);
  }

  ends({ id }: Pick<Subject, 'id'>, failed: string | undefined): void {
    const since = this.#stages.get(id)?.since ?? this.#clock.now();
    this.note(endLine(id, this.#clock.now() - since, failed));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  note(text: string): void {
    this.#terminal.err(`${printable(text)}\n`);
  }
}
