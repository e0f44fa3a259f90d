/**
 * Credits: how much a server lets a client ask for at once ([MS-SMB2] 3.2.4.1.2). Every request costs one, or one for each 64 KiB that it moves;
 * every answer brings new ones. Requests get theirs in the order in which they came.
 */

/** What we keep asking for: 32 MiB on their way. Windows gives 512 and more. */
const WANTED = 512;
/** More than anybody gives. What a server says beyond it is not counted. */
const MOST = 16_384;

interface Waiter {
  readonly charge: number;
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
}

export class Credits {
  readonly #waiters = new Set<Waiter>();
  /** The first request is free of a grant. */
  #free = 1;
  #used = 0;

  /** Used or not. */
  get granted(): number {
    return this.#free + this.#used;
  }

  get waiting(): boolean {
    return this.#waiters.size > 0;
  }

  /**
   * Calls `go` as soon as there are so many, perhaps at once.
   * @returns gives a turn up that has not come yet
   */
  take(charge: number, go: () => void, fail: (error: unknown) => void): () => void {
    const waiter: Waiter = { charge, go, fail };
    this.#waiters.add(waiter);
    this.#serve();
    return () => {
      // Whoever stands behind it may need less.
      if (this.#waiters.delete(waiter)) this.#serve();
    };
  }

  /** How many a request that costs `charge` asks for: what it costs, and what is missing. */
  wish(charge: number): number {
    return charge + Math.max(0, WANTED - this.granted);
  }

  /** An answer came that brings `granted`, to a request that cost `charge`. */
  give(granted: number, charge: number): void {
    this.#used -= charge;
    this.#free = Math.min(this.#free + granted, MOST);
    this.#serve();
  }

  fail(error: unknown): void {
    for (const { fail } of this.#waiters) fail(error);
    this.#waiters.clear();
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      if (waiter.charge > this.#free) return;
      this.#waiters.delete(waiter);
      this.#free -= waiter.charge;
      this.#used += waiter.charge;
      waiter.go();
    }
  }
}
