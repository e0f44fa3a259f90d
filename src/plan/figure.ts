/** One number of a prediction: what the caller knows, or what is assumed. */
import type { Assumption, Known } from '../model/estimate.ts';

/** `best` makes a migration shorter than `likely`, `worst` longer. */
export interface Range {
  readonly best: number;
  readonly likely: number;
  readonly worst: number;
}

export type Outlook = keyof Range;

/** What the caller knows replaces the default, its origin and its range. */
export function known({ id, unit, ...fallback }: Assumption, figure: Known | undefined): Assumption {
  if (figure === undefined) return { id, unit, ...fallback };
  if (typeof figure === 'number') return { id, value: figure, unit, source: 'given', why: 'As given.' };
  return { id, value: figure.value, unit, source: figure.source, why: figure.why };
}

/** The three values of an assumption; all the same where it has no range. */
export function rangeOf({ value, range }: Assumption): Range {
  return { best: range?.best ?? value, likely: value, worst: range?.worst ?? value };
}

export function numberOf(figure: Known): number {
  return typeof figure === 'number' ? figure : figure.value;
}
