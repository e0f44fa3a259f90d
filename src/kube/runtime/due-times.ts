/** Keys and the instants at which each is due: the earliest one is found without looking at the others. */
interface Due {
  readonly key: string;
  readonly at: number;
}

export class DueTimes {
  /** A binary heap by `at`; entries that `#at` does not know any more are skipped when they come up. */
  readonly #heap: Due[] = [];
  readonly #at = new Map<string, number>();

  get size(): number {
    return this.#at.size;
  }

  /** Of two instants of a key the earlier one counts. */
  set(key: string, at: number): void {
    const known = this.#at.get(key);
    if (known !== undefined && known <= at) return;
    this.#at.set(key, at);
    this.#push({ key, at });
  }

  delete(key: string): void {
    this.#at.delete(key);
  }

  /** The earliest instant. */
  next(): number | undefined {
    this.#skipStale();
    return this.#heap[0]?.at;
  }

  /** Takes out one key that is due; undefined when none is. */
  take(now: number): string | undefined {
    this.#skipStale();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    this.#at.delete(first.key);
    return first.key;
  }

  #skipStale(): void {
    for (let first = this.#heap[0]; first !== undefined && this.#at.get(first.key) !== first.at; first = this.#heap[0])
      this.#pop();
  }

  #push(due: Due): void {
    let index = this.#heap.push(due) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#time(parent) <= due.at) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const smaller = this.#time(left + 1) < this.#time(left) ? left + 1 : left;
      if (this.#time(smaller) >= last.at) return;
      this.#swap(index, smaller);
      index = smaller;
    }
  }

  /** Infinity beyond the end. */
  #time(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
