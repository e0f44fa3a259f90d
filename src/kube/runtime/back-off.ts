/** How long to wait after the nth failure in a row: twice as long each time, and not all at the same moment. */
export interface BackOff {
  /** Milliseconds after the first failure. */
  readonly first: number;
  /** Milliseconds at most. */
  readonly longest: number;
}

/** @param failures 1 or more @param random 0 to 1 */
export function backOffAfter(failures: number, { first, longest }: BackOff, random: number): number {
  // 2^40 of anything is longer than the longest; beyond 2^1024 there would be no number.
  const full = Math.min(longest, first * 2 ** Math.min(failures - 1, 40));
  return full * (0.5 + random / 2);
}
