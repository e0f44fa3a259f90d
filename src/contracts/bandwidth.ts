/** How many bytes a second all transfers of a process may move together. */
import type { RateCalendar } from '../model/rate-calendar.ts';
import type { Bytes } from '../model/units.ts';

export interface Bandwidth {
  /**
   * Resolves when `bytes` may be moved; whoever came first goes first. Ask for one read at a time (64 KiB to some MiB) and just before it:
   * a read is granted as a whole, and what was granted is spent even when the read fails.
   * @throws MigrationError `canceled` when the signal aborts first; nothing is spent then
   */
  take(bytes: Bytes, signal: AbortSignal): Promise<void>;
}

/** Bytes a second, or what they are at which time; undefined: nothing is held back. */
export type BandwidthLimit = number | RateCalendar | undefined;

export interface AdjustableBandwidth extends Bandwidth, Disposable {
  /** Holds at once, also for those who already wait. */
  change(limit: BandwidthLimit): void;
}
