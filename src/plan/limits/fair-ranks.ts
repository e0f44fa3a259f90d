/** Waiting jobs that one point of priority overtakes: nothing waits for ever. */
const OVERTAKEN = 1000;

/** Turns of several parties that share what is scarce: each gets every other turn, however many jobs it has waiting, and who comes late does not wait behind all. */
export class FairRanks {
  /** Where the turns have got to. */
  #now = 0;
  readonly #last = new Map<string, number>();

  /** The rank of the next job of a party: the smallest goes first. @param priority a point overtakes a thousand jobs */
  next(party: string, priority = 0): number {
    const turn = Math.max(this.#now, (this.#last.get(party) ?? -1) + 1);
    this.#last.set(party, turn);
    return turn - priority * OVERTAKEN;
  }

  /** A job of this rank and priority has begun. */
  begun(rank: number, priority = 0): void {
    this.#now = Math.max(this.#now, rank + priority * OVERTAKEN);
  }

  /** The party has nothing more to do. */
  forget(party: string): void {
    this.#last.delete(party);
  }
}
