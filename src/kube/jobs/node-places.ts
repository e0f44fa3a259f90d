import { keyOf } from '../runtime/object-store.ts';
import type { JobRef, JobWatch } from './job-watch.ts';

/**
 * Places of nodes for workers: each node has as many as a plan allows workers on it, and the scheduler puts no two workers of the same place on one
 * node. Workers get the place that the fewest have, so that all places of all nodes can be taken.
 */
export class NodePlaces {
  readonly #watch: Pick<JobWatch, 'inPlace'>;
  /** Given, and not told by the cluster yet. */
  readonly #given = new Map<string, { readonly ref: JobRef; readonly place: number }>();

  constructor(watch: Pick<JobWatch, 'inPlace'>) {
    this.#watch = watch;
  }

  /** @param perNode workers at once on one node */
  next(ref: JobRef, perNode: number): number {
    const counts = Array.from({ length: perNode }, (_none, place) => this.#watch.inPlace(ref.namespace, place));
    for (const { ref: other, place } of this.#given.values())
      if (other.namespace === ref.namespace && place < perNode) counts[place] = (counts[place] ?? 0) + 1;
    const place = counts.indexOf(Math.min(...counts));
    this.#given.set(keyOf(ref), { ref, place });
    return place;
  }

  /** The cluster tells of it by now, or it was not made. */
  settled(ref: JobRef): void {
    this.#given.delete(keyOf(ref));
  }
}
