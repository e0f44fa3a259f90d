/**
 * For programs: one JSON object a line, in the order in which things happen. What is below is the whole schema; later versions add members
 * and events, and change none.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import type { Phase } from '../../model/phase.ts';
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { Outlook, PrecopyPass } from '../../model/precopy.ts';
import type { TransferProgress } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import type { Display, Pass, Subject } from './display.ts';
import { Pace } from './pace.ts';

export type ProgressEvent = { /** ISO 8601. */ readonly at: string } & (
  | {
      /** A VM entered a phase. `failure` with the phases Failed and Canceled. */
      readonly event: 'phase';
      readonly vm: string;
      readonly target: string;
      readonly phase: Phase;
      readonly failure?: { readonly code: ErrorCode; readonly message: string; readonly hint: string };
    }
  | {
      /** A pass of a warm migration is on the target. `changeRate`: bytes a second that the guest changed before it; null for the full copy. */
      readonly event: 'pass';
      readonly vm: string;
      readonly target: string;
      readonly pass: PrecopyPass;
      readonly changeRate: number | null;
    }
  | {
      /** A VM waits in its phase until something happens. */
      readonly event: 'waits';
      readonly vm: string;
      readonly target: string;
      readonly outlook: Outlook;
    }
  | {
      /** A disk is about to be moved, all of it or what changed, or to be read again (`check`). `capacity` is what the guest sees. */
      readonly event: 'transfer-starts';
      readonly job: string;
      readonly vm: string;
      readonly disk: string;
      readonly capacity: Bytes;
      readonly pass: Subject['pass'];
    }
  | {
      /** A few times a second for each disk. Bytes are those that have to be moved (allocated or changed ones), or read back to be proven. */
      readonly event: 'transfer-moves';
      readonly job: string;
      readonly stage: TransferProgress['stage'];
      readonly done: Bytes;
      readonly total: Bytes;
      /** Of `done`: what an earlier run had done. */
      readonly kept: Bytes;
      /** Averaged over the last seconds; null while it is not known. */
      readonly bytesPerSecond: number | null;
      /** Of this stage; null while nothing moves. */
      readonly secondsLeft: number | null;
    }
  | {
      /** `failed` is the message when the disk is not on its target. */
      readonly event: 'transfer-ends';
      readonly job: string;
      readonly seconds: number;
      readonly failed?: string;
    }
  | {
      /** A sentence for people: limits that were changed. */
      readonly event: 'note';
      readonly text: string;
    }
);

/** Leaves the member `at` to the writer. Distributes over the events. */
type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never;

export class JsonLines implements Display {
  readonly #write: (line: string) => void;
  readonly #clock: Clock;
  readonly #byJob = new Map<string, { readonly since: number; readonly pace: Pace }>();

  constructor(write: (line: string) => void, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  phase({ vm, mapping }: VmPlan, { phase, failure }: VmProgress): void {
    const why = failure && { failure: { code: failure.code, message: failure.message, hint: failure.hint } };
    this.#tell({ event: 'phase', vm: vm.name, target: mapping.targetName, phase, ...why });
  }

  passed({ vm, mapping }: VmPlan, { changeRate, ...pass }: Pass): void {
    const rate = rounded(changeRate, 1);
    this.#tell({ event: 'pass', vm: vm.name, target: mapping.targetName, pass, changeRate: rate });
  }

  waits({ vm, mapping }: VmPlan, outlook: Outlook): void {
    this.#tell({ event: 'waits', vm: vm.name, target: mapping.targetName, outlook });
  }

  starts({ id, vm, disk, capacity, pass }: Subject): void {
    this.#byJob.set(id, { since: this.#clock.now(), pace: new Pace() });
    this.#tell({ event: 'transfer-starts', job: id, vm, disk, capacity, pass });
  }

  moves(progress: TransferProgress): void {
    const { job, stage, done, total, kept = 0 } = progress;
    const pace = this.#byJob.get(job)?.pace;
    pace?.note(progress, this.#clock.now());
    const bytesPerSecond = rounded(pace?.bytesPerSecond, 1);
    const secondsLeft = done >= total ? 0 : rounded(pace?.secondsLeft, 10);
    this.#tell({ event: 'transfer-moves', job, stage, done, total, kept, bytesPerSecond, secondsLeft });
  }

  ends({ id }: Pick<Subject, 'id'>, failed: string | undefined): void {
    const now = this.#clock.now();
    const seconds = (now - (this.#byJob.get(id)?.since ?? now)) / 1000;
    this.#byJob.delete(id);
    this.#tell({ event: 'transfer-ends', job: id, seconds, ...(failed !== undefined && { failed }) });
  }

  note(text: string): void {
    this.#tell({ event: 'note', text });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #tell(event: Untimed<ProgressEvent>): void {
    this.#write(`${JSON.stringify({ at: new Date(this.#clock.now()).toISOString(), ...event })}\n`);
  }
}

function rounded(value: number | undefined, parts: number): number | null {
  return value === undefined ? null : Math.round(value * parts) / parts;
}
