/** How fast transfers are, alone and side by side. */
import type { Outlook } from './figure.ts';
import type { EstimateBasis } from './figures.ts';
import { Lanes, MAX_LANES } from './lanes.ts';

export interface Pace {
  /** Bytes a second that one transfer copies and proves with the link for itself. */
  readonly alone: number;
  /** Bytes a second of the link that all transfers share. */
  readonly link: number;
}

export interface LaneShare {
  /** Transfers that run at once. */
  readonly count: number;
  /** Bytes a second of each of them. */
  readonly rate: number;
  /** What keeps the number from being larger. */
  readonly limit: 'link' | 'plan';
}

export function paceOf({ transferRate, linkRate, proofRate }: EstimateBasis, outlook: Outlook): Pace {
  const link = linkRate[outlook];
  const copy = Math.min(transferRate[outlook], link);
  return { alone: proofRate === undefined ? copy : 1 / (1 / copy + 1 / proofRate[outlook]), link };
}

/**
 * The fewest transfers that fill the link, or as many as may run. More would finish no sooner: they would share the same bytes a second.
 */
export function shareLink({ alone, link }: Pace, most: number): LaneShare {
  const needed = Math.ceil(link / alone);
  const count = Math.min(needed, most, MAX_LANES);
  return { count, rate: Math.min(alone, link / count), limit: needed <= most ? 'link' : 'plan' };
}

/** Seconds in which the disks of one VM are copied and proven when nothing else runs, largest disk first. */
export function copySeconds(
  disks: readonly { readonly bytes: number; readonly storage?: string; readonly target?: string }[],
  { limits }: EstimateBasis,
  pace: Pace,
): number {
  const most = Math.min(limits.perPlan ?? disks.length, limits.perHost ?? disks.length, disks.length);
  if (most === 0) return 0;
  const { count, rate } = shareLink(pace, most);
  const lanes = new Lanes(count, limits);
  const placed = disks
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ bytes, storage, target }) => lanes.place({ storage, target, seconds: bytes / rate }));
  return Math.max(...placed.map(({ end }) => end));
}

/** Predictions are no more exact than this: seconds to one decimal. */
export function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
