/**
 * Who may start next. Jobs wait in one line for each combination of what they use (host, datastore, target), and everything that is used is
 * a gate that lets so many in at once. A line is looked at only when it has a new first job or when a gate that turned it away has room
 * again: a decision costs the logarithm of what waits, never a walk over it.
 *
 * Nothing waits for ever. Ranks never change, so that only finitely many jobs ever come before one. A line that is turned away again and
 * again, because its gates are never free at the same time, is in the end the one for which each of its gates keeps a place.
 */
import type { Admission, QueueLimits, Uses } from '../../contracts/job-queue.ts';
import { Heap } from './heap.ts';

/** Waiting jobs that one point of priority overtakes. */
const OVERTAKEN = 1000;

/** A line that was turned away this often has places kept. Fewer would leave places empty without need. */
const PATIENCE = 4;

const LIMIT_OF = { sourceHost: 'perHost', datastore: 'perDatastore', target: 'perTarget' } as const;
const KINDS = ['sourceHost', 'datastore', 'target'] as const satisfies readonly (keyof Uses)[];

interface Gate<T> {
  readonly kind: (typeof KINDS)[number];
  limit: number;
  used: number;
  readonly turnedAway: Heap<Ticket<T>>;
}

interface Job<T> {
  readonly work: T;
  readonly id: string;
  readonly rank: number;
  gone: boolean;
}

interface Line<T> {
  readonly key: string;
  readonly gates: readonly Gate<T>[];
  readonly jobs: Heap<Job<T>>;
  /** Where the line is; tickets of earlier places are void. */
  ticket: Ticket<T> | undefined;
  timesTurnedAway: number;
}

interface Ticket<T> {
  readonly line: Line<T>;
  readonly rank: number;
  readonly place: Heap<Ticket<T>>;
}

export class AdmissionLines<T> {
  #limits: QueueLimits;
  #number = 0;
  readonly #gates = new Map<string, Gate<T>>();
  readonly #lines = new Map<string, Line<T>>();
  readonly #byId = new Map<string, Job<T>>();
  /** Lines that may be let in, as far as is known. */
  readonly #open = new Heap<Ticket<T>>();
  /** Lines that lost their patience; for the first of them places are kept. One at a time, or two would wait for each other. */
  readonly #impatient = new Set<Line<T>>();

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  add(id: string, work: T, { uses = {}, priority = 0 }: Admission): void {
    const job = { work, id, rank: this.#number - priority * OVERTAKEN, gone: false };
    this.#number += 1;
    this.#byId.set(id, job);
    const line = this.#lineOf(uses);
    line.jobs.push(job.rank, job);
    if (line.ticket === undefined || job.rank < line.ticket.rank) this.#move(line, line.ticket?.place ?? this.#open);
  }

  /** A job that waits no longer. */
  remove(id: string): void {
    const job = this.#byId.get(id);
    if (job !== undefined) job.gone = true;
    this.#byId.delete(id);
  }

  /** Whether a job may start now. */
  get ready(): boolean {
    return this.#next() !== undefined;
  }

  /** Takes out the job that starts next. What it uses is counted by `enter`. */
  take(): T | undefined {
    const line = this.#next();
    const job = line?.jobs.shift();
    if (line === undefined || job === undefined) return undefined;
    this.#byId.delete(job.id);
    line.timesTurnedAway = 0;
    if (this.#impatient.delete(line)) for (const gate of line.gates) this.#wake(gate);
    this.#move(line, this.#open);
    return job.work;
  }

  enter(uses: Uses): void {
    for (const gate of this.#gatesOf(uses)) gate.used += 1;
  }

  leave(uses: Uses): void {
    const [kept] = this.#impatient;
    for (const gate of this.#gatesOf(uses)) {
      gate.used -= 1;
      this.#wake(gate);
      if (kept?.gates.includes(gate)) this.#move(kept, this.#open);
    }
  }

  limit(limits: QueueLimits): void {
    this.#limits = limits;
    for (const gate of this.#gates.values()) {
      gate.limit = limits[LIMIT_OF[gate.kind]] ?? Number.POSITIVE_INFINITY;
      for (let room = gate.limit - gate.used; room > 0 && this.#wake(gate); room -= 1);
    }
  }

  /** The line whose first job may start, after all that may not were sent to the gates that are full. */
  #next(): Line<T> | undefined {
    for (let ticket = this.#open.first?.value; ticket !== undefined; ticket = this.#open.first?.value) {
      const { line } = ticket;
      const valid = line.ticket === ticket;
      if (valid && this.#first(line)?.rank === ticket.rank) {
        const full = line.gates.find((gate) => !this.#hasRoom(gate, line));
        if (full === undefined) return line;
        this.#open.shift();
        this.#turnAway(line, full);
      } else {
        this.#open.shift();
        if (valid) this.#move(line, this.#open);
      }
    }
    return undefined;
  }

  #turnAway(line: Line<T>, full: Gate<T>): void {
    line.timesTurnedAway += 1;
    if (line.timesTurnedAway >= PATIENCE) this.#impatient.add(line);
    this.#move(line, full.turnedAway);
    // Another one may take the room that this line was woken for.
    for (const gate of line.gates) if (this.#hasRoom(gate, undefined)) this.#wake(gate);
  }

  #hasRoom(gate: Gate<T>, line: Line<T> | undefined): boolean {
    const [kept] = this.#impatient;
    const keeps = kept !== undefined && kept !== line && kept.gates.includes(gate);
    return gate.used + (keeps ? 1 : 0) < gate.limit;
  }

  /** Gives the best line that a gate turned away another look. */
  #wake(gate: Gate<T>): boolean {
    for (let ticket = gate.turnedAway.shift(); ticket !== undefined; ticket = gate.turnedAway.shift()) {
      if (ticket.line.ticket !== ticket) continue;
      this.#move(ticket.line, this.#open);
      return true;
    }
    return false;
  }

  /** Puts a line in its place by its first job. A line without jobs ends. */
  #move(line: Line<T>, place: Heap<Ticket<T>>): void {
    const first = this.#first(line);
    if (first !== undefined) {
      line.ticket = { line, rank: first.rank, place };
      place.push(first.rank, line.ticket);
      return;
    }
    line.ticket = undefined;
    this.#lines.delete(line.key);
    this.#impatient.delete(line);
    for (const gate of line.gates) if (this.#hasRoom(gate, undefined)) this.#wake(gate);
  }

  #first(line: Line<T>): Job<T> | undefined {
    while (line.jobs.first?.value.gone) line.jobs.shift();
    return line.jobs.first?.value;
  }

  #lineOf(uses: Uses): Line<T> {
    const key = JSON.stringify(KINDS.map((kind) => uses[kind]));
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line = { key, gates: this.#gatesOf(uses), jobs: new Heap<Job<T>>(), ticket: undefined, timesTurnedAway: 0 };
    this.#lines.set(key, line);
    return line;
  }

  #gatesOf(uses: Uses): Gate<T>[] {
    return KINDS.flatMap((kind) => {
      const name = uses[kind];
      return name === undefined ? [] : [this.#gate(kind, name)];
    });
  }

  #gate(kind: Gate<T>['kind'], name: string): Gate<T> {
    const key = `${kind} ${name}`;
    const known = this.#gates.get(key);
    if (known !== undefined) return known;
    const limit = this.#limits[LIMIT_OF[kind]] ?? Number.POSITIVE_INFINITY;
    const gate = { kind, limit, used: 0, turnedAway: new Heap<Ticket<T>>() };
    this.#gates.set(key, gate);
    return gate;
  }
}
