/** The line of one process: jobs by what they use of the source and the target, under the limits of each kind. */
import type { Admission, QueueLimits, Uses } from '../../contracts/job-queue.ts';
import { type Gate, Turnstiles } from '../../plan/limits/turnstiles.ts';

/** Waiting jobs that one point of priority overtakes. */
const OVERTAKEN = 1000;

const LIMIT_OF = { sourceHost: 'perHost', datastore: 'perDatastore', target: 'perTarget' } as const;
const KINDS = ['sourceHost', 'datastore', 'target'] as const satisfies readonly (keyof Uses)[];

export class AdmissionLines<T> {
  #limits: QueueLimits;
  #number = 0;
  readonly #turnstiles = new Turnstiles<T>();
  readonly #gates = new Map<Gate, (typeof KINDS)[number]>();

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  add(id: string, work: T, { uses = {}, priority = 0 }: Admission): void {
    const rank = this.#number - priority * OVERTAKEN;
    this.#number += 1;
    this.#turnstiles.add(id, work, { gates: this.#gatesOf(uses), rank });
  }

  /** A job that waits no longer. */
  remove(id: string): void {
    this.#turnstiles.remove(id);
  }

  /** Whether a job may start now. */
  get ready(): boolean {
    return this.#turnstiles.ready;
  }

  /** Takes out the job that starts next. What it uses is counted by `enter`. */
  take(): T | undefined {
    return this.#turnstiles.take();
  }

  enter(uses: Uses): void {
    this.#turnstiles.enter(this.#gatesOf(uses));
  }

  leave(uses: Uses): void {
    this.#turnstiles.leave(this.#gatesOf(uses));
  }

  limit(limits: QueueLimits): void {
    this.#limits = limits;
    for (const [gate, kind] of this.#gates) this.#turnstiles.limit(gate, this.#limitOf(kind));
  }

  #limitOf(kind: (typeof KINDS)[number]): number {
    return this.#limits[LIMIT_OF[kind]] ?? Number.POSITIVE_INFINITY;
  }

  #gatesOf(uses: Uses): Gate[] {
    return KINDS.flatMap((kind) => {
      const name = uses[kind];
      if (name === undefined) return [];
      const gate = this.#turnstiles.gate(`${kind} ${name}`, this.#limitOf(kind));
      this.#gates.set(gate, kind);
      return [gate];
    });
  }
}
