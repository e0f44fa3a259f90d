/** Whether this process is alive, and whether it does its part. Kept by what others tell it; it asks nobody. */
import type { Clock } from '../contracts/clock.ts';
import type { ClusterObserver } from '../contracts/cluster-observer.ts';

/**
 * Who follows a kind does something at least once a minute, since a watch ends by then, and tries again within a minute where the cluster gives
 * trouble. After so many milliseconds without any of it only a new process helps.
 */
const STUCK_AFTER = 5 * 60_000;

export class Health implements Pick<ClusterObserver, 'followed'> {
  readonly #clock: Clock;
  /** Kind → milliseconds since the epoch. */
  readonly #turns = new Map<string, number>();
  #leads = false;
  #synced = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  leads(): void {
    this.#leads = true;
  }

  /** Everything there is has been told. */
  synced(): void {
    this.#synced = true;
  }

  followed(kind: string): void {
    this.#turns.set(kind, this.#clock.now());
  }

  /** Why this process should be started anew; nothing when it is well. That it answers at all shows that its event loop turns. */
  ailments(): readonly string[] {
    const now = this.#clock.now();
    const stuck = [...this.#turns].filter(([, at]) => now - at >= STUCK_AFTER);
    return stuck.map(([kind, at]) => `${kind} has not been followed for ${Math.round((now - at) / 1000)} s`);
  }

  /** Why it does not do its part; nothing when it leads and knows what there is, or stands by. */
  obstacles(): readonly string[] {
    return this.#leads && !this.#synced ? ['it leads, and has not read all resources yet'] : [];
  }
}
