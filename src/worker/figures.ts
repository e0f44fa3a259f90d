import type { Services } from './services.ts';

/** Milliseconds between two lines: the operator looks at the last one now and then. */
const EVERY = 2000;

/** Says how far it is, not more often than anybody listens. */
export class Figures {
  readonly #services: Pick<Services, 'clock' | 'tell'>;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(services: Pick<Services, 'clock' | 'tell'>) {
    this.#services = services;
  }

  tell(figures: object): void {
    const now = this.#services.clock.now();
    if (now - this.#toldAt < EVERY) return;
    this.#toldAt = now;
    this.#services.tell(JSON.stringify(figures));
  }
}
