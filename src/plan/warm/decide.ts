/**
 * What a warm migration does between its passes: another precopy, the cutover, or nothing until when. From what the passes measured, the
 * schedule and what people said. Pure: instants are milliseconds, durations seconds.
 */
import type { Spread } from '../../model/estimate.ts';
import type { DowntimeForecast, Outlook, PrecopyPass, Setback } from '../../model/precopy.ts';
import type { Schedule, WarmTerms } from '../../model/schedule.ts';
import { type Bytes, formatBytes } from '../../model/units.ts';
import { type NextCutover, nextCutover } from '../schedule/next-cutover.ts';
import { type CadenceBasis, isHopeless, measuredPace, nextPrecopy, type Pace, predictedDelta, stillShrinks } from './cadence.ts';

export interface WarmSituation {
  readonly passes: readonly [PrecopyPass, ...PrecopyPass[]];
  /** Guest-visible bytes of all disks. */
  readonly capacity: Bytes;
  readonly terms: WarmTerms;
  readonly schedule: Schedule;
  /** Somebody said: at this instant, or as soon after as can be. */
  readonly cutoverAt?: number;
  readonly setback?: Setback;
}

export interface Decision {
  readonly kind: 'precopy' | 'cutover' | 'wait';
  readonly outlook: Outlook;
  /** The cutover must have ended by then; absent: whenever. */
  readonly until?: number;
}

/** Seconds after a precopy that failed; each further one doubles them. */
const AFTER_SETBACK = 30;
/** Seconds after which a VM that waits for somebody is looked at again, so that its forecast stays fresh. */
const LOOK_AGAIN = 3600;

/** @param now milliseconds since the epoch */
export function decide(situation: WarmSituation, now: number): Decision {
  const { passes, capacity, terms, schedule, setback } = situation;
  const pace = measuredPace(passes);
  const basis: CadenceBasis = {
    ...{ passes, capacity, goalSeconds: terms.goal },
    ...(schedule.precopyEvery !== undefined && { every: schedule.precopyEvery }),
  };
  if (setback !== undefined) return afterSetback(setback, now);
  if (pace === undefined) {
    const next = nextPrecopy(basis, now);
    const needed = firstDeltaBy(situation, now);
    const [at, because] =
      needed < next.at ? [needed, 'the cutover is near, and nobody knows its delta yet'] : [next.at, next.because];
    return { kind: at <= now ? 'precopy' : 'wait', outlook: { next: 'precopy', at: iso(at), because } };
  }
  const forecast = forecastAt(basis, { terms, pace }, now);
  const cut = cutoverOf(situation, forecast, now);
  const outlook = { downtime: forecast, ...told(cut) };
  if (cut.kind === 'at' && cut.at <= now) {
    const late = cut.until === undefined ? Number.POSITIVE_INFINITY : cut.until - now - forecast.seconds.high * 1000;
    const again = forecast.finalDelta.likely / pace.copy + pace.snapshot;
    if (isWorthwhile(basis, forecast, pace) && again * 2000 < late) {
      return {
        kind: 'precopy',
        outlook: { next: 'precopy', at: iso(now), because: 'it makes the final delta smaller', ...outlook },
      };
    }
    const until = cut.until === undefined ? {} : { until: cut.until };
    return { kind: 'cutover', outlook: { next: 'cutover', at: iso(now), because: 'its time has come', ...outlook }, ...until };
  }
  const known = cut.kind === 'at' ? { cutoverAt: cut.at } : {};
  const precopy = nextPrecopy({ ...basis, ...known }, now);
  if (precopy.at <= now) {
    return { kind: 'precopy', outlook: { next: 'precopy', at: iso(now), because: precopy.because, ...outlook } };
  }
  if (cut.kind === 'at' && cut.at <= precopy.at) {
    return { kind: 'wait', outlook: { next: 'cutover', at: iso(cut.at), because: 'the schedule says so', ...outlook } };
  }
  const at = Math.min(precopy.at, now + LOOK_AGAIN * 1000);
  return { kind: 'wait', outlook: { next: 'precopy', at: iso(at), because: precopy.because, ...outlook } };
}

/** Once more, after a pause that grows. */
export function afterSetback({ count, message, at: failedAt }: Setback, now: number): Decision {
  const at = Date.parse(failedAt) + AFTER_SETBACK * 1000 * 2 ** (count - 1);
  const because = `the copy failed ${count === 1 ? 'once' : `${count} times`}: ${message}`;
  return { kind: at <= now ? 'precopy' : 'wait', outlook: { next: 'precopy', at: iso(at), because } };
}

/** What a cutover that began `at` would cost. */
export function forecastAt(
  basis: CadenceBasis,
  { terms, pace }: { readonly terms: WarmTerms; readonly pace: Pace },
  at: number,
): DowntimeForecast {
  const finalDelta = predictedDelta(basis, at) ?? { low: 0, likely: 0, high: basis.capacity };
  const converges = !isHopeless(basis, pace);
  const seconds = (side: keyof Spread): number => tenths(finalDelta[side] / pace.copy + terms.fixed[side]);
  const spread = { low: seconds('low'), likely: seconds('likely'), high: seconds('high') };
  return {
    ...{ finalDelta, seconds: spread, converges },
    changeRate: Math.round(pace.change.likely),
    copyRate: Math.round(pace.copy),
    advice: converges ? [] : advise(pace, terms, basis),
  };
}

/** Somebody's word goes before the policy; it minds neither windows nor budgets, for the person knows them. */
function cutoverOf(
  { schedule, cutoverAt }: WarmSituation,
  { seconds }: Pick<DowntimeForecast, 'seconds'>,
  now: number,
): NextCutover {
  if (cutoverAt !== undefined) return { kind: 'at', at: cutoverAt };
  return nextCutover(schedule, { now, needs: seconds.high, downtime: seconds.likely });
}

/** No cutover is decided on before the first delta, which is to come in time for it: within twice what the full copy took. */
function firstDeltaBy(situation: WarmSituation, now: number): number {
  const cut = cutoverOf(situation, { seconds: situation.terms.fixed }, now);
  const [{ copySeconds, snapshotSeconds }] = situation.passes;
  return cut.kind === 'at' ? cut.at - 2000 * (copySeconds + snapshotSeconds) : Number.POSITIVE_INFINITY;
}

/** The final delta is larger than it should be, and another precopy makes it smaller. */
function isWorthwhile(basis: CadenceBasis, { finalDelta, converges }: DowntimeForecast, pace: Pace): boolean {
  if (finalDelta.likely / pace.copy <= basis.goalSeconds || !converges) return false;
  return stillShrinks(basis.passes) || finalDelta.likely > (basis.passes.at(-1)?.bytes ?? 0) * 2;
}

function told(cut: NextCutover): Pick<Outlook, 'cutoverAt' | 'cutoverBecause'> {
  switch (cut.kind) {
    case 'at':
      return { cutoverAt: iso(cut.at), cutoverBecause: 'the first time at which it can end' };
    case 'manual':
      return { cutoverBecause: 'somebody has to say when' };
    case 'never':
      return { cutoverBecause: cut.because };
  }
}

function advise(pace: Pace, { goal }: WarmTerms, { passes }: CadenceBasis): readonly string[] {
  const delta = passes.at(-1)?.bytes ?? 0;
  const needed = formatBytes(Math.round(delta / Math.max(1, goal)));
  return [
    `The guest changes ${formatBytes(Math.round(pace.change.likely))}/s and ${formatBytes(Math.round(pace.copy))}/s are copied: each delta is as large as the one before.`,
    `To bring ${formatBytes(delta)} within ${goal} s, copy at ${needed}/s or more: raise the bandwidth or the limits, or use a faster transport.`,
    'Or cut over when the guest writes less, stop what writes in it before, or allow a longer downtime.',
  ];
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

/** Never before the instant: who comes back then finds it due. */
function iso(at: number): string {
  return new Date(Math.ceil(at)).toISOString();
}
