/** Sets of time as ascending, disjoint spans, made as they are asked for: a recurring window has no last one. Pure. */
import type { Span } from '../../model/schedule.ts';

export type Spans = Iterator<Span, undefined>;

/** A span that is longer than this never ends for anybody who wants to cut over: 100 days. */
const ENDLESS = 100 * 24 * 3_600_000;

/** Everything that is in any of the sets, whose spans come by their beginning. Spans that touch become one; nothing follows an endless one. */
export function* union(sets: readonly Spans[]): Generator<Span, undefined> {
  const heads = sets.map((set) => ({ set, span: take(set) }));
  let open: Span | undefined;
  for (;;) {
    const next = earliest(heads);
    const span = next?.span;
    if (next === undefined || span === undefined) break;
    next.span = take(next.set);
    if (open === undefined) open = span;
    else if (span.begin <= open.end) open = { begin: open.begin, end: Math.max(open.end, span.end) };
    else {
      yield open;
      open = span;
    }
    if (open.end - open.begin > ENDLESS) break;
  }
  if (open !== undefined) yield open;
  return undefined;
}

/** What is in `set` and not in `without`. */
export function* subtract(set: Iterable<Span>, without: Spans): Generator<Span, undefined> {
  let hole = take(without);
  for (const { begin, end } of set) {
    let from = begin;
    while (hole !== undefined && hole.begin < end) {
      if (hole.begin > from) yield { begin: from, end: hole.begin };
      from = Math.max(from, hole.end);
      // A hole that reaches beyond this span may cut the next one too.
      if (hole.end >= end) break;
      hole = take(without);
    }
    if (from < end) yield { begin: from, end };
  }
  return undefined;
}

interface Head {
  readonly set: Spans;
  span: Span | undefined;
}

function earliest(heads: readonly Head[]): Head | undefined {
  let first: Head | undefined;
  for (const head of heads) {
    if (head.span !== undefined && (first?.span === undefined || head.span.begin < first.span.begin)) first = head;
  }
  return first;
}

function take(set: Spans): Span | undefined {
  const next = set.next();
  return next.done === true ? undefined : next.value;
}
