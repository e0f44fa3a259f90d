/** Several readings of the same bytes that come from their medium once: the one that is ahead pays, the others find them in the page cache. */
import type { Bandwidth } from '../../contracts/bandwidth.ts';

export class SharedReads {
  readonly #bandwidth: Bandwidth;
  #paid = 0;

  constructor(bandwidth: Bandwidth) {
    this.#bandwidth = bandwidth;
  }

  /** For one reading. */
  reading(): Bandwidth {
    let read = 0;
    return {
      take: async (bytes, signal) => {
        read += bytes;
        const owed = read - this.#paid;
        if (owed <= 0) return;
        this.#paid += owed;
        await this.#bandwidth.take(owed, signal);
      },
    };
  }
}
