/**
 * When the next precopy begins, and what the final delta will be: from what the passes measured. The rules:
 *  - While each delta is clearly smaller than the one before, the next follows at once.
 *  - Then the final delta is kept within its goal with as few snapshots as that takes, because each costs the guest something.
 *  - Before a cutover whose time is known, precopies come late: as late as lets the deltas shrink in time.
 * Pure: instants are milliseconds, durations seconds.
 */
import type { Spread } from '../../model/estimate.ts';
import type { PrecopyPass } from '../../model/precopy.ts';
import { type Bytes, MiB } from '../../model/units.ts';

export interface CadenceBasis {
  /** All passes, the full copy first; at least one. */
  readonly passes: readonly [PrecopyPass, ...PrecopyPass[]];
  /** Guest-visible bytes of all disks: no delta is larger. */
  readonly capacity: Bytes;
  /** The final delta shall take no longer than this many seconds. */
  readonly goalSeconds: number;
  /** Seconds between the beginnings of precopies, where somebody fixed them. */
  readonly every?: number;
  /** The instant of the cutover, where it is known. */
  readonly cutoverAt?: number;
}

export interface NextPrecopy {
  /** Milliseconds since the epoch; in the past: at once. */
  readonly at: number;
  readonly because: string;
}

/** What is known of the guest and the way. */
export interface Pace {
  /** Bytes a second that the guest changes, each block counted once: at best, most likely, at worst. */
  readonly change: Spread;
  /** Bytes a second that are copied. */
  readonly copy: number;
  /** Seconds that a snapshot costs. */
  readonly snapshot: number;
}

/** A delta that is not smaller than this share of its predecessor is as small as it gets by haste. */
const SHRINKS = 0.7;
/** A delta of this share of its predecessor is no smaller. */
const SAME = 0.95;
/** Passes that say something about the present. */
const RECENT = 4;
/** A guest is not given snapshots more often than this, in seconds, unless somebody fixed it. */
const SHORTEST = 60;
/** Nothing is learnt about a guest for longer than this otherwise, and a failure is noticed too late. */
const LONGEST = 6 * 3600;
/** Seconds until a guest that changes faster than it is copied is looked at again: it may be calmer by then. */
const HOPELESS = 3600;
/** Part of the goal that a delta may use up by itself: the rest is for a guest that is busier than it was. */
const RESERVE = 0.5;
/** A pass that moved less says nothing about how fast bytes are copied. */
const TELLING: Bytes = 64 * MiB;
/** More precopies in a row than this have never made a delta smaller. */
const MAX_PASSES = 16;

/** Undefined before the first delta: nothing has been measured then. */
export function measuredPace(passes: CadenceBasis['passes']): Pace | undefined {
  const recent = passes.slice(-RECENT);
  // The oldest of them has its interval from the pass before it.
  const rates = passes.slice(-RECENT - 1).flatMap((pass, index, all) => {
    const before = all[index - 1];
    if (before === undefined) return [];
    const apart = (Date.parse(pass.checkpointAt) - Date.parse(before.checkpointAt)) / 1000;
    return apart > 0 ? [pass.bytes / apart] : [];
  });
  const last = rates.at(-1);
  if (last === undefined) return undefined;
  return {
    change: { low: Math.min(...rates), likely: last, high: Math.max(...rates) },
    copy: copyRate(passes),
    snapshot: Math.max(...recent.map(({ snapshotSeconds }) => snapshotSeconds)),
  };
}

/** Bytes that have changed at `at` since the last checkpoint, as far as the past tells; undefined before the first delta. */
export function predictedDelta(basis: CadenceBasis, at: number): Spread | undefined {
  const pace = measuredPace(basis.passes);
  if (pace === undefined) return undefined;
  const apart = Math.max(0, at - checkpointOf(basis.passes)) / 1000;
  const bytes = (rate: number): number => Math.min(basis.capacity, Math.round(rate * apart));
  return { low: bytes(pace.change.low), likely: bytes(pace.change.likely), high: bytes(pace.change.high) };
}

/** @param now any instant after the last pass: the answer is the same as long as it is not due */
export function nextPrecopy(basis: CadenceBasis, now: number): NextPrecopy {
  const { passes, every, cutoverAt, goalSeconds } = basis;
  const checkpoint = checkpointOf(passes);
  if (every !== undefined) return { at: checkpoint + every * 1000, because: 'the plan fixes the interval' };
  const pace = measuredPace(passes);
  if (pace === undefined) return { at: now, because: 'the full copy took long: its delta comes first' };
  const last = passes.at(-1) ?? passes[0];
  // Pauses count from there, not from now: whoever looks again and again would push them away each time.
  const ended = checkpoint + (last.snapshotSeconds + last.copySeconds) * 1000;
  const lead = cutoverAt === undefined ? undefined : leadSeconds(basis, pace);
  if (cutoverAt !== undefined && lead !== undefined && cutoverAt - lead * 1000 > now) {
    const late = cutoverAt - lead * 1000;
    const longest = Math.max(now, ended + LONGEST * 1000);
    if (late <= longest) return { at: late, because: 'as late as lets the deltas shrink before the cutover' };
    return { at: longest, because: 'a look at how much changes, long before the cutover' };
  }
  if (isHopeless(basis, pace)) {
    return {
      at: Math.max(now, ended + HOPELESS * 1000),
      because: 'the guest changes as fast as it is copied: no delta gets smaller',
    };
  }
  if (stillShrinks(passes)) return { at: now, because: 'the deltas still get smaller' };
  const bearable = pace.change.high === 0 ? LONGEST : (RESERVE * goalSeconds * pace.copy) / pace.change.high;
  const seconds = Math.min(LONGEST, Math.max(SHORTEST, bearable));
  return { at: Math.max(now, checkpoint + seconds * 1000), because: 'keeps the final delta within its goal' };
}

/** Seconds that precopies need to bring the delta of a long wait down to its goal, with as much again in reserve. */
function leadSeconds({ capacity, goalSeconds, passes, cutoverAt = 0 }: CadenceBasis, pace: Pace): number {
  const { copy, snapshot } = pace;
  const change = pace.change.high;
  let delta = Math.min(capacity, (change * Math.max(0, cutoverAt - checkpointOf(passes))) / 1000);
  let total = 0;
  for (let pass = 0; pass < MAX_PASSES && delta > goalSeconds * copy; pass += 1) {
    const seconds = delta / copy + snapshot;
    total += seconds;
    const next = Math.min(capacity, change * seconds);
    if (next > delta * SHRINKS) break;
    delta = next;
  }
  return 2 * (total + snapshot);
}

/** The last delta took longer than a final one may, and was no smaller than the one before. */
export function isHopeless({ passes, goalSeconds }: CadenceBasis, { change, copy }: Pace): boolean {
  const [before, last] = passes.slice(-2);
  if (change.likely >= copy) return true;
  return before !== undefined && last !== undefined && last.copySeconds > goalSeconds && last.bytes >= before.bytes * SAME;
}

export function stillShrinks(passes: CadenceBasis['passes']): boolean {
  const [before, last] = passes.slice(-2);
  return before !== undefined && last !== undefined && last.bytes > 0 && last.bytes < before.bytes * SHRINKS;
}

/** Of the last pass that moved enough to tell, else of the full copy. Never 0. */
function copyRate(passes: CadenceBasis['passes']): number {
  const pass = passes.findLast(({ bytes, copySeconds }) => bytes >= TELLING && copySeconds > 0) ?? passes[0];
  return Math.max(1, pass.bytes / Math.max(pass.copySeconds, 0.001));
}

function checkpointOf(passes: CadenceBasis['passes']): number {
  return Date.parse((passes.at(-1) ?? passes[0]).checkpointAt);
}
