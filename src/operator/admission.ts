/**
 * Who may begin: VMs and transfers of all plans under one order, so that what a host, a datastore, a class or the nodes can bear holds whatever
 * plan asks. Plans of the same priority take turns.
 */
import { FairRanks } from '../plan/limits/fair-ranks.ts';
import { type Gate, Turnstiles } from '../plan/limits/turnstiles.ts';

/** One thing that is used, as it is told to people: `host esx-3`, and so many `transfers` at once. */
export interface Use {
  /** Unique over all plans. */
  readonly name: string;
  readonly label: string;
  readonly things: 'VMs' | 'transfers' | 'workers';
  /** Infinity where only others mind. */
  readonly limit: number;
}

export interface Wish {
  readonly id: string;
  readonly what: 'vm' | 'transfer';
  readonly plan: string;
  readonly priority: number;
  readonly uses: readonly Use[];
  /** Called when it is let in; what it uses is counted by then. */
  readonly begin: () => void;
  /** Called when it has to wait, at once or because the reason is another one. */
  readonly wait: (reason: WaitingFor) => void;
}

export interface WaitingFor {
  /** Stays the same as long as the reason does: `waiting for host esx-3:`. */
  readonly because: string;
  /** `waiting for host esx-3: 4 of 4 transfers` */
  readonly text: string;
}

/** Who is told how much waits for limits. Must not throw. */
export interface AdmissionObserver {
  waits(what: Wish['what'], id: string): void;
  /** @param limit of which kind the limit is that has no room: `plan`, `source`, `host`, `storage`, `class` or `nodes` */
  held(what: Wish['what'], id: string, limit: string): void;
  begins(what: Wish['what'], id: string): void;
  /** It waits no longer, and does not begin either. */
  givesUp(what: Wish['what'], id: string): void;
  ends(what: Wish['what'], id: string): void;
}

interface Waiting extends Wish {
  readonly gates: readonly Gate[];
  readonly rank: number;
}

export class Admission {
  readonly #observer: AdmissionObserver | undefined;
  readonly #ranks = new FairRanks();
  readonly #about = new Map<Gate, Use>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #in = new Map<string, Waiting>();
  readonly #turnstiles = new Turnstiles<Waiting>({
    onWait: (wish, gate) => {
      this.#observer?.held(wish.what, wish.id, gate.name.replace(/ .*/s, ''));
      wish.wait(this.#reason(gate));
    },
  });

  constructor(observer?: AdmissionObserver) {
    this.#observer = observer;
  }

  /** Begins at once where there is room. An id that waits or is in already is not asked for again. */
  ask(wish: Wish): void {
    if (this.#waiting.has(wish.id) || this.#in.has(wish.id)) return;
    const rank = this.#ranks.next(wish.plan, wish.priority);
    const waiting = { ...wish, rank, gates: this.#gatesOf(wish.uses) };
    this.#waiting.set(wish.id, waiting);
    this.#observer?.waits(wish.what, wish.id);
    this.#turnstiles.add(wish.id, waiting, waiting);
    this.#letIn();
  }

  /** Counts in what goes on already, beyond the limits where it must. */
  adopt(wish: Pick<Wish, 'id' | 'what' | 'plan' | 'uses'>): void {
    const known = { ...wish, priority: 0, rank: 0, gates: this.#gatesOf(wish.uses), begin: () => {}, wait: () => {} };
    this.#in.set(wish.id, known);
    this.#turnstiles.enter(known.gates);
    this.#observer?.waits(wish.what, wish.id);
    this.#observer?.begins(wish.what, wish.id);
  }

  /** What was let in as one goes on as several, which end each by itself. Together they use what the one did. */
  divide(id: string, parts: readonly Pick<Wish, 'id' | 'what' | 'uses'>[]): void {
    const whole = this.#in.get(id);
    if (whole === undefined) return;
    this.#in.delete(id);
    for (const part of parts) {
      this.#in.set(part.id, { ...whole, ...part, gates: this.#gatesOf(part.uses) });
      if (part.id === id) continue;
      this.#observer?.waits(part.what, part.id);
      this.#observer?.begins(part.what, part.id);
    }
  }

  /** It waits no longer. */
  withdraw(id: string): void {
    const wish = this.#waiting.get(id);
    if (wish === undefined) return;
    this.#waiting.delete(id);
    this.#turnstiles.remove(id);
    this.#observer?.givesUp(wish.what, id);
  }

  /** It has ended, and others may begin. */
  leave(id: string): void {
    const wish = this.#in.get(id);
    if (wish === undefined) return;
    this.#in.delete(id);
    this.#turnstiles.leave(wish.gates);
    this.#observer?.ends(wish.what, id);
    this.#letIn();
  }

  /** The plan is gone. */
  forget(plan: string): void {
    this.#ranks.forget(plan);
  }

  #letIn(): void {
    for (let wish = this.#turnstiles.take(); wish !== undefined; wish = this.#turnstiles.take()) {
      this.#waiting.delete(wish.id);
      this.#in.set(wish.id, wish);
      this.#turnstiles.enter(wish.gates);
      this.#ranks.begun(wish.rank, wish.priority);
      this.#observer?.begins(wish.what, wish.id);
      wish.begin();
    }
  }

  #gatesOf(uses: readonly Use[]): readonly Gate[] {
    return uses.map((use) => {
      const gate = this.#turnstiles.gate(use.name, use.limit, String(use.limit));
      this.#about.set(gate, use);
      return gate;
    });
  }

  #reason(gate: Gate): WaitingFor {
    const { label = gate.name, things = 'transfers' } = this.#about.get(gate) ?? {};
    const because = waitingFor(label);
    return { because, text: `${because} ${gate.used} of ${gate.limit} ${things}` };
  }
}

/** How every reason of this kind begins. */
export function waitingFor(label: string): string {
  return `waiting for ${label}:`;
}
