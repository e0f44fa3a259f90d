/** When a migration may do what. Instants are milliseconds since the epoch; a schedule knows calendars, nobody else does. */
import type { Spread } from './estimate.ts';

/** A recurring span of time. */
export interface RecurringWindow {
  /** Five fields of cron (minute, hour, day of month, month, day of week): when it opens, by the clock on the wall of `timeZone`. */
  readonly cron: string;
  /** How long it stays open, 1–44,640 (31 days). Minutes that pass, whatever the clock on the wall does meanwhile. */
  readonly minutes: number;
  /** IANA name such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** From `begin` until just before `end`; begin < end. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** When the source is given up. */
export type CutoverPolicy =
  /** Somebody says so. */
  | { readonly kind: 'manual' }
  /** As soon as precopies make the final delta no smaller. */
  | { readonly kind: 'when-ready' }
  /** At this time or later; what cannot end by `until` is not begun. */
  | { readonly kind: 'at'; readonly at: number; readonly until?: number }
  /** In the next window that is long enough. */
  | { readonly kind: 'windows'; readonly windows: readonly RecurringWindow[] };

export interface Schedule {
  /** Nothing begins before this instant. */
  readonly start?: number;
  /** Seconds between the beginnings of precopies, from 60; adaptive when absent. */
  readonly precopyEvery?: number;
  readonly cutover: CutoverPolicy;
  /** No cutover overlaps one of these. */
  readonly blackouts: readonly (RecurringWindow | Span)[];
  /** No cutover while its downtime is predicted to be longer than this many seconds. */
  readonly downtimeBudget?: number;
}

/** What a warm migration is predicted by, beside what it measures. */
export interface WarmTerms {
  /** Shutdown, conversion and boot, in seconds. */
  readonly fixed: Spread;
  /** Seconds that the final delta shall take at most. */
  readonly goal: number;
}

/** How long a VM can be taken back after its cutover, and what follows when nobody says anything until then. */
export interface CommitPolicy {
  /** Seconds from the moment it was seen to run; absent: as long as it takes. */
  readonly within?: number;
  readonly otherwise: 'commit' | 'roll-back';
}
