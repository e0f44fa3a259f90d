/** A door that lets so many through at once, in the order they came. The number may change while it is used. */
import { canceled, checkCanceled } from '../cancellation.ts';

interface Waiting {
  readonly admit: () => void;
}

export class Gate {
  readonly #limit: () => number;
  readonly #waiting = new Set<Waiting>();
  #inside = 0;

  /** `limit` is asked whenever somebody comes or goes; below 1 counts as 1. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Resolves when there is room; disposing of the result makes room again. @throws MigrationError `canceled` */
  async enter(signal: AbortSignal): Promise<Disposable> {
    checkCanceled(signal);
    if (this.#waiting.size > 0 || !this.#hasRoom()) await this.#wait(signal);
    else this.#inside += 1;
    let inside = true;
    return {
      [Symbol.dispose]: () => {
        if (!inside) return;
        inside = false;
        this.#inside -= 1;
        this.#admit();
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(waiting);
        reject(canceled(signal));
      };
      const waiting: Waiting = {
        admit: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom()) return;
      this.#waiting.delete(waiting);
      this.#inside += 1;
      waiting.admit();
    }
  }

  #hasRoom(): boolean {
    return this.#inside < Math.max(1, this.#limit());
  }
}
