/**
 * How many requests a server gets at once. It starts small and doubles as long as that brings more throughput, tries a few more from
 * time to time, and gives way when the server says that it is too much or when answers take longer and bring less. Pure: time comes in
 * with what happens.
 */

export interface LaneBounds {
  readonly first: number;
  readonly most: number;
}

/** Doubling lanes must bring at least this, or the link or one of the machines is full. */
const WORTH_DOUBLING = 1.1;
const WORTH_A_TRIAL = 1.04;
/** Lanes that were busy for less of a window say nothing about how many are good: somebody else was slow. */
const BUSY_ENOUGH = 0.7;
const SHORTEST_WINDOW_MS = 100;
/** While lanes double: a step too many does no harm, and a delta is over in a moment. */
const SHORTEST_FIRST_WINDOW_MS = 40;
/** Where answers are that slow, what arrives in the middle of them tells enough. */
const LONGEST_WINDOW_MS = 500;
/** After a change, connections are opened and old requests run out. That is not measured: it takes about three round trips. */
const SETTLING_WAITS = 3;
const SETTLING_MS = 20;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Answers this much later than the quickest, with this part of the best throughput: the server is overloaded. */
const LATE = 4;
const LATE_MS = 150;
const LOST = 0.75;

export class LaneControl {
  readonly #most: number;
  #limit: number;
  /** What a lower number of lanes brought, while a higher one is tried. */
  #before: { readonly lanes: number; readonly rate: number } | undefined;
  #doubling = true;
  /** The last window spoke against the lanes that are tried. */
  #doubted = false;
  #pause = FIRST_PAUSE_MS;
  #nextTrial = 0;
  /** When the server said so last. */
  #refused = Number.NEGATIVE_INFINITY;
  #best = 0;
  #quickest = Number.POSITIVE_INFINITY;

  // The window that is being measured.
  #start: number | undefined;
  #bytes = 0;
  #answers = 0;
  #waited = 0;
  #busy = 0;
  #inFlight = 0;
  #counted = 0;
  #changed = 0;
  #settled = true;

  constructor({ first, most }: LaneBounds) {
    this.#most = Math.max(1, most);
    this.#limit = Math.min(Math.max(1, first), this.#most);
  }

  /** Requests that may be under way at once. */
  get limit(): number {
    return this.#limit;
  }

  began(now: number): void {
    this.#start ??= now;
    this.#count(now);
    this.#inFlight += 1;
  }

  received(now: number, bytes: number): void {
    this.#bytes += bytes;
    this.#look(now);
  }

  /** @param wait milliseconds from the request to its answer's first byte */
  answered(wait: number): void {
    this.#answers += 1;
    this.#waited += wait;
    this.#quickest = Math.min(this.#quickest, Math.max(1, wait));
  }

  ended(now: number): void {
    this.#count(now);
    this.#inFlight -= 1;
  }

  /** The server answered 429 or 503. Many lanes meet that at once; it counts once in a while. */
  refused(now: number): void {
    if (now - this.#refused < FIRST_PAUSE_MS) return;
    this.#refused = now;
    this.#stay(now + LONGEST_PAUSE_MS);
    this.#set(Math.floor(this.#limit / 2), now);
  }

  #look(now: number): void {
    if (!this.#settled) {
      this.#settled = now - this.#changed >= Math.max(SETTLING_MS, SETTLING_WAITS * this.#quickest);
      if (this.#settled) this.#restart(now);
      return;
    }
    const length = now - (this.#start ?? now);
    const shortest = this.#doubling ? SHORTEST_FIRST_WINDOW_MS : SHORTEST_WINDOW_MS;
    if (length >= LONGEST_WINDOW_MS || (length >= shortest && this.#answers >= this.#limit)) this.#judge(now, length);
  }

  #judge(now: number, length: number): void {
    this.#count(now);
    const rate = this.#bytes / length;
    const wait = this.#waited / this.#answers;
    const saturated = this.#busy / (this.#limit * length) >= BUSY_ENOUGH;
    this.#restart(now);
    if (!saturated) return;
    const trial = this.#before;
    if (trial !== undefined && rate < (this.#doubling ? WORTH_DOUBLING : WORTH_A_TRIAL) * trial.rate) {
      // One window may have met somebody else's load.
      if (this.#doubted) this.#goBack(now, trial.lanes);
      else this.#doubted = true;
    } else if (trial !== undefined || this.#doubling || now >= this.#nextTrial) {
      this.#tryMore(now, rate);
    } else if (wait > LATE * this.#quickest + LATE_MS && rate < LOST * this.#best) {
      // What is usual now counts from here on: a way that stays slow is no reason to give way again and again.
      this.#best = rate;
      this.#quickest = wait;
      this.#stay(now + FIRST_PAUSE_MS);
      this.#set(Math.floor(this.#limit * LOST), now);
    } else {
      this.#best = Math.max(rate, this.#best);
    }
  }

  #tryMore(now: number, rate: number): void {
    this.#best = rate;
    if (this.#before !== undefined) this.#pause = FIRST_PAUSE_MS;
    if (this.#limit === this.#most) {
      this.#stay(now + LONGEST_PAUSE_MS);
      return;
    }
    this.#before = { lanes: this.#limit, rate };
    this.#set(this.#doubling ? this.#limit * 2 : this.#limit + Math.ceil(this.#limit / 4), now);
  }

  #goBack(now: number, lanes: number): void {
    this.#stay(now + this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
    this.#set(lanes, now);
  }

  #stay(until: number): void {
    this.#before = undefined;
    this.#doubling = false;
    this.#nextTrial = until;
  }

  #set(limit: number, now: number): void {
    this.#limit = Math.min(Math.max(1, limit), this.#most);
    this.#changed = now;
    this.#settled = false;
    this.#doubted = false;
    this.#restart(now);
  }

  #restart(now: number): void {
    this.#start = now;
    this.#counted = now;
    this.#bytes = 0;
    this.#answers = 0;
    this.#waited = 0;
    this.#busy = 0;
  }

  /** Adds up how long lanes were busy until now. */
  #count(now: number): void {
    this.#busy += this.#inFlight * (now - this.#counted);
    this.#counted = now;
  }
}
