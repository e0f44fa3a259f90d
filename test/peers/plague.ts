/** When random troubles strike, which, and whom: by a seed, so that a run can be played again. What each does is its simulator's own. */
import { randomWords } from '../demo/guest/disk.ts';

export interface PlagueRules<Kind> {
  readonly seed: number;
  readonly kinds: readonly Kind[];
  /** Events between two troubles on average. */
  readonly every: number;
  /** Troubles in all; no limit when absent. */
  readonly most?: number;
}

export class PlagueClock<Kind> {
  readonly #rules: PlagueRules<Kind>;
  /** Random numbers for what is not said. */
  readonly next: () => number;
  #left: number;
  #wait: number;

  constructor(rules: PlagueRules<Kind>) {
    this.#rules = rules;
    this.next = randomWords(rules.seed);
    this.#left = rules.most ?? Number.POSITIVE_INFINITY;
    this.#wait = this.#pause();
  }

  /** To be asked at each event. @returns what is to strike now, and whom; `struck` is told when it could */
  due<Who>(victims: () => readonly Who[]): { readonly kind: Kind; readonly who: Who } | undefined {
    if (this.#left <= 0) return undefined;
    this.#wait -= 1;
    if (this.#wait > 0) return undefined;
    this.#wait = this.#pause();
    const among = victims();
    const who = among[this.next() % among.length];
    const kind = this.#rules.kinds[this.next() % this.#rules.kinds.length];
    return who === undefined || kind === undefined ? undefined : { kind, who };
  }

  struck(): void {
    this.#left -= 1;
  }

  #pause(): number {
    return 1 + (this.next() % (2 * this.#rules.every));
  }
}
