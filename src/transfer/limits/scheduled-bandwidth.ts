/** A token bucket whose rate follows a calendar: it sleeps until the rate changes, and asks nobody in between. */
import type { AdjustableBandwidth, BandwidthLimit } from '../../contracts/bandwidth.ts';
import type { Clock } from '../../contracts/clock.ts';
import { nextChange, type RateCalendar, rateAt } from '../../model/rate-calendar.ts';
import type { Bytes } from '../../model/units.ts';
import { TokenBucket } from './token-bucket.ts';

/** A clock that is set while we sleep is noticed after this long at the latest. */
const LONGEST_SLEEP_MS = 3_600_000;

export class ScheduledBandwidth implements AdjustableBandwidth {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  /** Ends the following of the calendar that is in force. */
  #following: AbortController | undefined;

  constructor(clock: Clock, limit?: BandwidthLimit) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(clock);
    this.change(limit);
  }

  change(limit: BandwidthLimit): void {
    this[Symbol.dispose]();
    if (typeof limit === 'object') this.#follow(limit);
    else this.#bucket.setRate(limit);
  }

  async take(bytes: Bytes, signal: AbortSignal): Promise<void> {
    await this.#bucket.take(bytes, signal);
  }

  /** The rate of this moment stays in force. */
  [Symbol.dispose](): void {
    this.#following?.abort();
    this.#following = undefined;
  }

  #follow(calendar: RateCalendar): void {
    const now = this.#clock.now();
    const rate = rateAt(calendar, now);
    this.#bucket.setRate(rate === 'unlimited' ? undefined : rate);
    const change = nextChange(calendar, now);
    if (change === undefined) return;
    const following = new AbortController();
    this.#following = following;
    this.#clock.sleep(Math.min(change - now, LONGEST_SLEEP_MS), following.signal).then(
      () => {
        if (this.#following === following) this.#follow(calendar);
      },
      () => undefined,
    );
  }
}
