/**
 * The engine: brings one reading of a source onto its target, block by block, with a journal that is true at any moment.
 *
 *   plan (what each block needs) → announce in the journal → read ‖ hash ‖ write → remember → commit now and then
 *
 * What lives here knows readers, writers and journals by their contracts only: no format, no transport, no file.
 */
import { eachOf } from '../lanes.ts';
import { BLOCK } from '../proof/cell-hashes.ts';
import { Commits } from './commits.ts';
import { Gate } from './gate.ts';
import { announced } from './intentions.ts';
import { makeBlocks, makeZeros } from './make-run.ts';
import type { PassContext } from './pass-context.ts';
import { type PlanItem, weightOf } from './plan.ts';

/** Runs of one disk that are hashed and written while as many as its reader wants are read. */
const BEHIND = 3;
/** No disk has more runs in hand than this. */
const MAX_RUNS = 64;

/**
 * Works on everything that was planned. Afterwards all of it is in the journal, and durable but for the last two seconds of it: the
 * caller commits or ends the pass. After a failure, or a cancellation, what was done until then is durable.
 * @throws MigrationError as reader, writer and journal do; `canceled`
 */
export async function copyPass(plan: Iterable<PlanItem>, context: PassContext): Promise<void> {
  const { reader, writer, journal } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const source = { reader, reads: new Gate(() => reader.lanes), signal };
  const runs = new Gate(() => reader.lanes + BEHIND);
  const commits = new Commits(journal, writer, context.onCommitted);
  let failure: { readonly error: unknown } | undefined;
  const make = async (item: PlanItem): Promise<void> => {
    try {
      using _ = await runs.enter(signal);
      if (item.kind === 'zeros') await makeZeros(item, context);
      else await makeBlocks(item, { ...context, signal }, source);
      commits.note(item.kind === 'zeros' ? (item.to - item.from) * BLOCK : weightOf(item));
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
      throw error;
    }
  };
  try {
    await eachOf(announced(plan, journal), MAX_RUNS, make);
    await commits.settle();
  } catch (error) {
    await commits.settle().catch(() => undefined);
    // Also where the signal has aborted: commits were small enough that nobody waits long, and a worker that is sent away loses nothing.
    await journal.commit(() => writer.sync()).catch(() => undefined);
    throw failure === undefined ? error : failure.error;
  }
}
