/** Announces blocks to the journal before they are touched, far enough ahead that nobody waits for it. */
import type { DiskJournal } from '../journal/journal.ts';
import type { PlanItem } from './plan.ts';

/** Blocks that are announced at once. After a kill so many are read again at most: half a second at 500 MB/s. */
const WINDOW_BLOCKS = 256;

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Passes items on once the journal holds what they are about to touch. The next ones are announced while these are worked on.
 * @throws as the journal does
 */
export async function* announced(
  items: Iterable<PlanItem>,
  journal: Pick<DiskJournal, 'intend'>,
): AsyncGenerator<PlanItem, undefined> {
  const source = items[Symbol.iterator]();
  let next = announce(takeWindow(source), journal);
  try {
    for (let window = await next; window.length > 0; window = await next) {
      next = announce(takeWindow(source), journal);
      // Its failure is met when its turn comes.
      next.catch(() => undefined);
      yield* window;
    }
  } finally {
    await next.catch(() => undefined);
  }
  return undefined;
}

function takeWindow(source: Iterator<PlanItem, undefined>): readonly PlanItem[] {
  const window: PlanItem[] = [];
  for (let blocks = 0; blocks < WINDOW_BLOCKS; ) {
    const next = source.next();
    if (next.done === true) break;
    window.push(next.value);
    blocks += next.value.kind === 'blocks' ? next.value.blocks.length : 1;
  }
  return window;
}

async function announce(window: readonly PlanItem[], journal: Pick<DiskJournal, 'intend'>): Promise<readonly PlanItem[]> {
  await Promise.all(spansOf(window).map(({ from, to }) => journal.intend(from, to)));
  return window;
}

/** Blocks that the items touch, in order, adjoining ones together. */
function spansOf(window: readonly PlanItem[]): readonly Span[] {
  const touched = window.flatMap((item): readonly Span[] => {
    if (item.kind === 'blocks') return item.blocks.map(({ index }) => ({ from: index, to: index + 1 }));
    return [item];
  });
  const spans: Span[] = [];
  for (const { from, to } of touched.toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last?.to === from) spans[spans.length - 1] = { from: last.from, to };
    else spans.push({ from, to });
  }
  return spans;
}
