/** A binary heap: the smallest rank comes first. Nothing is taken from its middle; who does not want an entry any more lets it come and go. */
interface Entry<T> {
  readonly rank: number;
  readonly value: T;
}

export class Heap<T> {
  readonly #entries: Entry<T>[] = [];

  get first(): Entry<T> | undefined {
    return this.#entries[0];
  }

  push(rank: number, value: T): void {
    const entries = this.#entries;
    const entry = { rank, value };
    let at = entries.length;
    while (at > 0) {
      const up = (at - 1) >>> 1;
      const parent = entries[up];
      if (parent === undefined || parent.rank <= rank) break;
      entries[at] = parent;
      at = up;
    }
    entries[at] = entry;
  }

  shift(): T | undefined {
    const entries = this.#entries;
    const [first] = entries;
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.value;
    let at = 0;
    for (;;) {
      const left = entries[2 * at + 1];
      const right = entries[2 * at + 2];
      const down = right !== undefined && left !== undefined && right.rank < left.rank ? right : left;
      if (down === undefined || down.rank >= last.rank) break;
      entries[at] = down;
      at = 2 * at + (down === right ? 2 : 1);
    }
    entries[at] = last;
    return first.value;
  }
}
