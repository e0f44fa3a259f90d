/**
 * A token bucket. In any stretch of time it grants no more than the rate in force over it plus one burst, or plus one read where a read
 * is larger than a burst. Counted in thousandths of bytes, so that whole rates and whole milliseconds leave no rounding behind.
 */
import type { Bandwidth } from '../../contracts/bandwidth.ts';
import type { Clock } from '../../contracts/clock.ts';
import { type Bytes, MiB } from '../../model/units.ts';
import { canceled, checkCanceled } from '../cancellation.ts';

/** What may be granted at once after a rest: a large read, or what a slow link carries in a second. */
const MOST_BURST: Bytes = 4 * MiB;

/** Timers do not go further than 24.8 days; who sleeps shorter sleeps again. */
const LONGEST_SLEEP_MS = 3_600_000;

const MILLI = 1000;

interface Waiter {
  /** Thousandths of bytes. */
  readonly need: number;
  readonly grant: () => void;
}

export class TokenBucket implements Bandwidth {
  readonly #clock: Clock;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiter>();
  /** Bytes a second, whole; undefined: unlimited. */
  #rate: number | undefined;
  /** Thousandths of bytes that may be granted as of `#countedAt`. */
  #saved = 0;
  #countedAt: number;
  /** Aborted when the sleep in progress is no longer the right one. */
  #alarm: AbortController | undefined;

  /** Starts empty. */
  constructor(clock: Clock, rate?: number) {
    this.#clock = clock;
    this.#countedAt = clock.now();
    this.#rate = wholeRate(rate);
  }

  /** Bytes a second from now on, 0 or more (0 stops everything); undefined: unlimited. What was saved stays, up to the new burst. */
  setRate(rate: number | undefined): void {
    this.#count();
    this.#rate = wholeRate(rate);
    this.#serve();
  }

  async take(bytes: Bytes, signal: AbortSignal): Promise<void> {
    checkCanceled(signal);
    if (this.#rate === undefined) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { need: bytes * MILLI, grant: resolve };
    const giveUp = (): void => {
      if (!this.#waiting.delete(waiter)) return;
      reject(canceled(signal));
      this.#serve();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.add(waiter);
    if (this.#waiting.size === 1) this.#serve();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Grants what can be granted, first come first served, and sleeps until the next one can. */
  #serve(): void {
    this.#alarm?.abort();
    this.#alarm = undefined;
    this.#count();
    for (const waiter of this.#waiting) {
      if (this.#rate !== undefined) {
        if (waiter.need > this.#saved) {
          this.#sleepFor(waiter.need - this.#saved, this.#rate);
          return;
        }
        this.#saved -= waiter.need;
      }
      this.#waiting.delete(waiter);
      waiter.grant();
    }
  }

  #sleepFor(missing: number, rate: number): void {
    if (rate === 0) return;
    const alarm = new AbortController();
    this.#alarm = alarm;
    const milliseconds = Math.min(Math.ceil(missing / rate), LONGEST_SLEEP_MS);
    this.#clock.sleep(milliseconds, alarm.signal).then(
      () => {
        if (this.#alarm === alarm) this.#serve();
      },
      () => undefined,
    );
  }

  /** Adds what the time since the last count brought. A clock that was put back brings nothing. */
  #count(): void {
    const now = this.#clock.now();
    const passed = Math.max(0, now - this.#countedAt);
    this.#countedAt = now;
    const rate = this.#rate ?? 0;
    const [first] = this.#waiting;
    const most = Math.max(burst(rate) * MILLI, first?.need ?? 0);
    // Bytes a second times milliseconds are thousandths of bytes.
    this.#saved = Math.min(this.#saved + rate * passed, most);
  }
}

function wholeRate(rate: number | undefined): number | undefined {
  if (rate !== undefined && !(rate >= 0)) throw new RangeError(`A rate is 0 or more: ${rate}`);
  return rate === undefined ? undefined : Math.ceil(rate);
}

function burst(rate: number): Bytes {
  return Math.min(MOST_BURST, rate);
}
