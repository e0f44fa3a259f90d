/**
 * Reads the source a second time and compares it with what is known of the first reading: finds what a server, a link or a change tracker
 * got wrong. Where the two differ a third reading decides.
 */
import { MigrationError } from '../../model/errors.ts';
import type { Bytes } from '../../model/units.ts';
import { eachOf } from '../lanes.ts';
import { BLOCK } from '../proof/cell-hashes.ts';
import { RUN_BLOCKS } from './buffers.ts';
import type { Cells } from './cells.ts';
import { copyPass } from './copy-pass.ts';
import { Gate } from './gate.ts';
import type { PassContext } from './pass-context.ts';
import { type BlockPlan, type PlanItem, weightOf, wholeBlock } from './plan.ts';
import { clearGaps, hashesOf, readParts, slotOf, spread } from './read-run.ts';

/** A source that differs in more blocks than this does not hold still. */
const MAX_DIFFERENT = 10_000;
/** Runs in hand beside those that are read. */
const BEHIND = 2;
const MAX_RUNS = 64;

/**
 * `cells` are those that may hold data: all others are zeros. Everything known so far was committed, and so is what is corrected.
 * @returns blocks of the first reading that were wrong and have been corrected on the target
 * @throws MigrationError `source-read-failed` when three readings give three contents; as reading and writing do
 */
export async function recheck(cells: Cells, context: PassContext): Promise<number> {
  const { journal, writer } = context;
  const second = await differing(cells, context);
  if (second.size === 0) return 0;
  const first = new Map([...second.keys()].map((index) => [index, Uint8Array.from(journal.hashes.get(index))]));
  const blocks = [...second.keys()].toSorted((a, b) => a - b).map((index) => planOf(index, cells, 'overwrite'));
  await copyPass(inRuns(blocks), context);
  await journal.commit(() => writer.sync());
  let corrected = 0;
  for (const [index, digest] of second) {
    const third = journal.hashes.get(index);
    if (Buffer.compare(third, digest) === 0) corrected += 1;
    else if (Buffer.compare(third, first.get(index) ?? third) !== 0) throw unsteady(1);
  }
  return corrected;
}

/** Blocks whose second reading is another one, with its hash. */
async function differing(cells: Cells, context: PassContext): Promise<ReadonlyMap<number, Uint8Array>> {
  const { reader, journal, buffers, workers, onBytes } = context;
  const found = new Map<number, Uint8Array>();
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const source = { reader, reads: new Gate(() => reader.lanes), signal };
  const runs = new Gate(() => reader.lanes + BEHIND);
  const look = async (item: PlanItem): Promise<void> => {
    if (item.kind !== 'blocks') return;
    using _ = await runs.enter(signal);
    using buffer = await buffers.take(signal);
    const slots = item.blocks.map((plan, place) => {
      const bytes = slotOf(buffer.bytes, place, wholeBlock(plan.index, reader.size).length);
      clearGaps(plan, bytes);
      return { index: plan.index, bytes };
    });
    await readParts(
      item.blocks.flatMap((plan, place) => spread(plan, place * BLOCK)),
      buffer.bytes,
      source,
    );
    const hashed = await hashesOf(slots, workers);
    for (const [place, { index }] of item.blocks.entries()) {
      const digest = hashed[place]?.digest;
      if (digest !== undefined && Buffer.compare(digest, journal.hashes.get(index)) !== 0) found.set(index, digest);
    }
    if (found.size > MAX_DIFFERENT) throw unsteady(found.size);
    onBytes(weightOf(item));
  };
  try {
    await eachOf(asyncly(inRuns(everyBlock(cells, context))), MAX_RUNS, look);
  } finally {
    stop.abort();
  }
  return found;
}

/** Blocks that hold data by the map, or by what was read. */
function* everyBlock(cells: Cells, { journal }: PassContext): Generator<BlockPlan> {
  for (let index = 0; index < journal.hashes.count; index += 1) {
    const plan = planOf(index, cells, 'compare');
    if (plan.weight > 0 || !journal.hashes.isZero(index)) yield plan;
  }
}

function planOf(index: number, cells: Cells, treatment: 'compare' | 'overwrite'): BlockPlan {
  const parts = cells.partsOf(index);
  return { index, treatment, parts, weight: parts.reduce((sum: Bytes, { length }) => sum + length, 0) };
}

function* inRuns(blocks: Iterable<BlockPlan>): Generator<PlanItem, undefined> {
  let run: BlockPlan[] = [];
  for (const block of blocks) {
    run.push(block);
    if (run.length < RUN_BLOCKS) continue;
    yield { kind: 'blocks', blocks: run };
    run = [];
  }
  if (run.length > 0) yield { kind: 'blocks', blocks: run };
  return undefined;
}

async function* asyncly<T>(items: Iterable<T>): AsyncGenerator<T, undefined> {
  yield* items;
  return undefined;
}

function unsteady(blocks: number): MigrationError {
  return new MigrationError('source-read-failed', `The source gives other bytes each time it is read (${blocks} blocks).`);
}
