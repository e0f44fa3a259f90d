/** When a VM is cut over next: the one place that reads a schedule. Never begins what cannot end in time. */
import type { Schedule, Span } from '../../model/schedule.ts';
import { type Spans, subtract, union } from './spans.ts';
import { spansOf } from './windows.ts';

export interface CutoverOutlook {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Seconds that the cutover takes at worst; it must fit into what is left of a window. */
  readonly needs: number;
  /** Seconds that it takes most likely, measured against the budget. */
  readonly downtime: number;
}

export type NextCutover =
  /** `at` ≤ now: it may begin. `until`: by then it must have ended. */
  | { readonly kind: 'at'; readonly at: number; readonly until?: number }
  /** Somebody has to say so. */
  | { readonly kind: 'manual' }
  /** Nothing that can be waited for: the schedule has to be changed, or the prediction. */
  | { readonly kind: 'never'; readonly because: string };

const SECOND = 1000;
/** Windows beyond this are not looked for: a year and a bit. */
const HORIZON = 400 * 24 * 3600 * SECOND;
/** Spans that are looked at: one every ten minutes for a year. */
const MAX_SPANS = 50_000;

/**
 * The next instant at which the cutover may begin. A budget that is exceeded says so, whatever the calendar says.
 * @throws MigrationError `config-invalid` for a window that cannot be
 */
export function nextCutover({ cutover, blackouts, downtimeBudget }: Schedule, outlook: CutoverOutlook): NextCutover {
  const { now, needs, downtime } = outlook;
  if (cutover.kind === 'manual') return { kind: 'manual' };
  if (downtimeBudget !== undefined && downtime > downtimeBudget) {
    return { kind: 'never', because: `a downtime of ${seconds(downtime)} is predicted, ${seconds(downtimeBudget)} are allowed` };
  }
  const open = union(openings(cutover, now));
  let longest = 0;
  let looked = 0;
  for (const { begin, end } of subtract(open, union(blackouts.map((blackout) => closed(blackout, now))))) {
    const at = Math.max(begin, now);
    if (at > now + HORIZON || ++looked > MAX_SPANS) break;
    if (end - at >= needs * SECOND) return { kind: 'at', at, ...(end !== Number.POSITIVE_INFINITY && { until: end }) };
    longest = Math.max(longest, end - begin);
  }
  if (longest === 0) return { kind: 'never', because: 'no window opens within the next year' };
  return { kind: 'never', because: `it takes up to ${seconds(needs)}, the longest window is ${seconds(longest / SECOND)}` };
}

function openings(cutover: Exclude<Schedule['cutover'], { readonly kind: 'manual' }>, now: number): readonly Spans[] {
  switch (cutover.kind) {
    case 'when-ready':
      return [once({ at: 0 }, now)];
    case 'at':
      return [once(cutover, now)];
    case 'windows':
      return cutover.windows.map((window) => spansOf(window, now));
  }
}

function* once({ at, until }: { readonly at: number; readonly until?: number }, now: number): Generator<Span, undefined> {
  const end = until ?? Number.POSITIVE_INFINITY;
  if (end > now && end > at) yield { begin: at, end };
  return undefined;
}

function closed(blackout: Schedule['blackouts'][number], now: number): Spans {
  return 'cron' in blackout ? spansOf(blackout, now) : once({ at: blackout.begin, until: blackout.end }, now);
}

/** `345 s`, `12 min`, `3 h 20 min`. */
function seconds(value: number): string {
  const whole = Math.ceil(value);
  if (whole < 600) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}
