/**
 * Who may start next. Jobs wait in one line for each combination of what they use (a host, a datastore, a target), and everything that is
 * used is a gate that lets so many in at once. A line is looked at only when it has a new first job or when a gate that turned it away has
 * room again: a decision costs the logarithm of what waits, never a walk over it.
 *
 * Nothing waits for ever. Ranks never change, so that only finitely many jobs ever come before one. A line that is turned away again and
 * again, because its gates are never free at the same time, is in the end the one for which each of its gates keeps a place.
 */
import { Heap } from './heap.ts';

/** A line that was turned away this often has places kept. Fewer would leave places empty without need. */
const PATIENCE = 4;

/** What lets in so many at once. Gates of one name count together, each against its own limit: not everybody has to mind the same one. */
export interface Gate {
  readonly name: string;
  readonly limit: number;
  /** How many are in. */
  readonly used: number;
}

export interface TurnstilesOptions<T> {
  /** Called when a job is found to have to wait, with the gate that holds it back; of those that wait in one line, the first and new ones. */
  readonly onWait?: (work: T, gate: Gate) => void;
}

export interface Asking {
  readonly gates: readonly Gate[];
  /** The smallest goes first; it never changes. */
  readonly rank: number;
}

interface Counter<T> {
  used: number;
  readonly gates: Map<string, Door<T>>;
}

class Door<T> implements Gate {
  readonly key: string;
  readonly name: string;
  readonly counter: Counter<T>;
  readonly turnedAway = new Heap<Ticket<T>>();
  limit: number;

  constructor(key: string, name: string, counter: Counter<T>, limit: number) {
    this.key = key;
    this.name = name;
    this.counter = counter;
    this.limit = limit;
  }

  get used(): number {
    return this.counter.used;
  }
}

interface Job<T> {
  readonly work: T;
  readonly id: string;
  readonly rank: number;
  gone: boolean;
}

interface Line<T> {
  readonly key: string;
  readonly doors: readonly Door<T>[];
  readonly jobs: Heap<Job<T>>;
  /** Where the line is; tickets of earlier places are void. */
  ticket: Ticket<T> | undefined;
  timesTurnedAway: number;
}

interface Ticket<T> {
  readonly line: Line<T>;
  readonly rank: number;
  /** The gate that turned the line away; undefined where it may be let in, as far as is known. */
  readonly at: Door<T> | undefined;
}

export class Turnstiles<T> {
  readonly #onWait: (work: T, gate: Gate) => void;
  readonly #counters = new Map<string, Counter<T>>();
  readonly #doors = new Map<Gate, Door<T>>();
  readonly #lines = new Map<string, Line<T>>();
  readonly #byId = new Map<string, Job<T>>();
  /** Lines that may be let in, as far as is known. */
  readonly #open = new Heap<Ticket<T>>();
  /** Lines that lost their patience; for the first of them places are kept. One at a time, or two would wait for each other. */
  readonly #impatient = new Set<Line<T>>();

  constructor({ onWait = () => undefined }: TurnstilesOptions<T> = {}) {
    this.#onWait = onWait;
  }

  /**
   * The gate of a name. @param variant tells gates of one name apart: those with the same variant are one
   * @param limit of a gate that is not there yet
   */
  gate(name: string, limit: number, variant = ''): Gate {
    const counter = this.#counters.get(name) ?? { used: 0, gates: new Map() };
    this.#counters.set(name, counter);
    const known = counter.gates.get(variant);
    if (known !== undefined) return known;
    const door = new Door(`${name} ${variant}`, name, counter, limit);
    counter.gates.set(variant, door);
    this.#doors.set(door, door);
    return door;
  }

  add(id: string, work: T, { gates, rank }: Asking): void {
    const job = { work, id, rank, gone: false };
    this.#byId.set(id, job);
    const line = this.#lineOf(gates);
    line.jobs.push(job.rank, job);
    const at = line.ticket?.at;
    if (line.ticket === undefined || job.rank < line.ticket.rank) this.#move(line, at);
    if (at !== undefined) this.#onWait(work, at);
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
    if (this.#impatient.delete(line)) for (const door of line.doors) this.#wake(door);
    this.#move(line, undefined);
    return job.work;
  }

  /** Counts somebody in, also beyond the limit. */
  enter(gates: readonly Gate[]): void {
    for (const door of this.#doorsOf(gates)) door.counter.used += 1;
  }

  leave(gates: readonly Gate[]): void {
    const [kept] = this.#impatient;
    for (const { counter } of this.#doorsOf(gates)) {
      counter.used -= 1;
      for (const door of counter.gates.values()) this.#wake(door);
      if (kept?.doors.some((door) => door.counter === counter)) this.#move(kept, undefined);
    }
  }

  /** Another limit from now on. Who is in stays, also beyond it. */
  limit(gate: Gate, limit: number): void {
    for (const door of this.#doorsOf([gate])) {
      door.limit = limit;
      for (let room = limit - door.used; room > 0 && this.#wake(door); room -= 1);
    }
  }

  /** The line whose first job may start, after all that may not were sent to the gates that are full. */
  #next(): Line<T> | undefined {
    for (let ticket = this.#open.first?.value; ticket !== undefined; ticket = this.#open.first?.value) {
      const { line } = ticket;
      const valid = line.ticket === ticket;
      if (valid && this.#first(line)?.rank === ticket.rank) {
        const full = line.doors.find((door) => !this.#hasRoom(door, line));
        if (full === undefined) return line;
        this.#open.shift();
        this.#turnAway(line, full);
      } else {
        this.#open.shift();
        if (valid) this.#move(line, undefined);
      }
    }
    return undefined;
  }

  #turnAway(line: Line<T>, full: Door<T>): void {
    line.timesTurnedAway += 1;
    if (line.timesTurnedAway >= PATIENCE) this.#impatient.add(line);
    this.#move(line, full);
    const first = this.#first(line);
    if (first !== undefined) this.#onWait(first.work, full);
    // Another one may take the room that this line was woken for.
    for (const door of line.doors) if (this.#hasRoom(door, undefined)) this.#wake(door);
  }

  #hasRoom(door: Door<T>, line: Line<T> | undefined): boolean {
    const [kept] = this.#impatient;
    const keeps = kept !== undefined && kept !== line && kept.doors.some(({ counter }) => counter === door.counter);
    return door.used + (keeps ? 1 : 0) < door.limit;
  }

  /** Gives the best line that a gate turned away another look. */
  #wake(door: Door<T>): boolean {
    for (let ticket = door.turnedAway.shift(); ticket !== undefined; ticket = door.turnedAway.shift()) {
      if (ticket.line.ticket !== ticket) continue;
      this.#move(ticket.line, undefined);
      return true;
    }
    return false;
  }

  /** Puts a line in its place by its first job. A line without jobs ends. */
  #move(line: Line<T>, at: Door<T> | undefined): void {
    const first = this.#first(line);
    if (first !== undefined) {
      line.ticket = { line, rank: first.rank, at };
      (at?.turnedAway ?? this.#open).push(first.rank, line.ticket);
      return;
    }
    line.ticket = undefined;
    this.#lines.delete(line.key);
    this.#impatient.delete(line);
    for (const door of line.doors) if (this.#hasRoom(door, undefined)) this.#wake(door);
  }

  #first(line: Line<T>): Job<T> | undefined {
    while (line.jobs.first?.value.gone) line.jobs.shift();
    return line.jobs.first?.value;
  }

  #lineOf(gates: readonly Gate[]): Line<T> {
    const doors = this.#doorsOf(gates);
    const key = JSON.stringify(doors.map((door) => door.key));
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line = { key, doors, jobs: new Heap<Job<T>>(), ticket: undefined, timesTurnedAway: 0 };
    this.#lines.set(key, line);
    return line;
  }

  #doorsOf(gates: readonly Gate[]): Door<T>[] {
    return gates.flatMap((gate) => this.#doors.get(gate) ?? []);
  }
}
