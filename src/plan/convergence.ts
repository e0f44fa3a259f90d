/**
 * How the deltas of a warm migration shrink. While a copy runs for t seconds the guest changes r × t bytes; the next copy moves
 * them in r × t ÷ c seconds. With r < c each copy is shorter than the one before by the factor r ÷ c, down to what the making of a
 * checkpoint costs; with r ≥ c nothing shrinks.
 */
import type { PrecopyEstimate } from '../model/estimate.ts';
import type { Bytes } from '../model/units.ts';

export interface PrecopyInput {
  /** Bytes of the full copy and its duration in seconds. */
  readonly bytes: Bytes;
  readonly seconds: number;
  /** Bytes that can change at most: the size of the disks. */
  readonly capacity: Bytes;
  /** Bytes a second that the guest changes. */
  readonly changeRate: number;
  /** Bytes a second that are copied. */
  readonly copyRate: number;
  /** Seconds that each checkpoint costs. */
  readonly snapshotSeconds: number;
  /** The final delta shall take no longer than this. */
  readonly goalSeconds: number;
  /** At least 1. */
  readonly maxPrecopies: number;
}

export interface PrecopyOutcome {
  readonly converges: boolean;
  readonly meetsGoal: boolean;
  readonly precopies: readonly PrecopyEstimate[];
  readonly finalDeltaBytes: Bytes;
}

/** A precopy that is not shorter than this share of its predecessor is not worth another checkpoint. */
const WORTHWHILE = 0.9;

/** Precopies until the final delta fits the goal, or until another one gains nothing. */
export function predictPrecopies(input: PrecopyInput): PrecopyOutcome {
  const { changeRate, copyRate, capacity, snapshotSeconds, goalSeconds, maxPrecopies } = input;
  const converges = changeRate < copyRate;
  const precopies: PrecopyEstimate[] = [];
  let next: PrecopyEstimate = { number: 1, bytes: input.bytes, seconds: input.seconds + snapshotSeconds };
  for (;;) {
    precopies.push(next);
    const delta = Math.min(capacity, changeRate * next.seconds);
    const seconds = delta / copyRate;
    const meetsGoal = seconds <= goalSeconds;
    const gain = seconds + snapshotSeconds < next.seconds * WORTHWHILE;
    if (meetsGoal || !converges || !gain || precopies.length >= maxPrecopies) {
      return { converges, meetsGoal, precopies, finalDeltaBytes: delta };
    }
    next = { number: next.number + 1, bytes: delta, seconds: seconds + snapshotSeconds };
  }
}

/**
 * Bytes a second from which on the final delta fits the goal; undefined when no copy is fast enough, because the goal is 0.
 * The full copy is taken to get faster with it.
 */
export function neededCopyRate(input: PrecopyInput): number | undefined {
  const meets = (copyRate: number): boolean =>
    predictPrecopies({ ...input, copyRate, seconds: input.bytes / copyRate }).meetsGoal;
  let enough = input.copyRate;
  for (let doubling = 0; !meets(enough); doubling += 1) {
    if (doubling === MAX_DOUBLINGS) return undefined;
    enough *= 2;
  }
  return bisect(enough, enough / 2, meets);
}

/** Bytes a second of changes up to which the final delta fits the goal. */
export function bearableChangeRate(input: PrecopyInput): number {
  return bisect(0, input.changeRate, (changeRate) => predictPrecopies({ ...input, changeRate }).meetsGoal);
}

const MAX_DOUBLINGS = 40;
const BISECTIONS = 20;

/** The value nearest to `bad` of which `holds` is known to be true; it is true of `good`. */
function bisect(good: number, bad: number, holds: (value: number) => boolean): number {
  let [from, to] = [good, bad];
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (from + to) / 2;
    if (holds(middle)) from = middle;
    else to = middle;
  }
  return from;
}
