/** The next spans in which a VM can be cut over: what the dry run draws, and what a person may ask for. Pure. */
import type { Schedule, Span } from '../../model/schedule.ts';
import { type CutoverOutlook, nextCutover } from './next-cutover.ts';

export interface Occasions {
  /** Instants in milliseconds; an `end` that never comes is `Infinity`. */
  readonly spans: readonly Span[];
  /** Why there is none. */
  readonly because?: string;
}

/**
 * @param most spans, from 1
 * @throws MigrationError `config-invalid` for a window that cannot be
 */
export function occasionsOf(schedule: Schedule, outlook: CutoverOutlook, most: number): Occasions {
  const spans: Span[] = [];
  let { now } = outlook;
  while (spans.length < most) {
    const next = nextCutover(schedule, { ...outlook, now });
    if (next.kind !== 'at') return spans.length > 0 ? { spans } : { spans, because: reasonOf(next) };
    const end = next.until ?? Number.POSITIVE_INFINITY;
    spans.push({ begin: next.at, end });
    if (end === Number.POSITIVE_INFINITY) break;
    now = end;
  }
  return { spans };
}

/** The next span that suits all of them: VMs of a group are cut over together. Undefined where there is none, or somebody has to say when. */
export function commonOccasion(schedule: Schedule, outlooks: readonly [CutoverOutlook, ...CutoverOutlook[]]): Span | undefined {
  const worst = (of: (outlook: CutoverOutlook) => number): number => Math.max(...outlooks.map(of));
  const together = {
    now: worst(({ now }) => now),
    needs: worst(({ needs }) => needs),
    downtime: worst(({ downtime }) => downtime),
  };
  return occasionsOf(schedule, together, 1).spans[0];
}

function reasonOf(next: { readonly kind: 'manual' } | { readonly kind: 'never'; readonly because: string }): string {
  return next.kind === 'never' ? next.because : MANUAL;
}

const MANUAL = 'somebody has to say when';
