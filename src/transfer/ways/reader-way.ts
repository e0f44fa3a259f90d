/** Sources that can be read anywhere: the engine takes what is allocated, or what changed. */
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, MiB } from '../../model/units.ts';
import { EarlyProof } from '../early-proof.ts';
import { Cells, collectCells } from '../engine/cells.ts';
import { copyPass } from '../engine/copy-pass.ts';
import { type PassPlan, planPass, wholeBlock } from '../engine/plan.ts';
import { recheck } from '../engine/recheck.ts';
import type { JobTarget } from '../job-target.ts';
import type { BlockHashes } from '../proof/block-hashes.ts';
import type { DiskReader } from '../transports/reader.ts';
import { copyProgress, type Filled, type Run, type Way } from './way.ts';
import { trackingOf } from './what-changed.ts';

/** Deltas below this are read back in a moment at their end. */
const WORTH_OVERLAPPING: Bytes = 64 * MiB;

export function readerWay(run: Run, reader: DiskReader): Way {
  return {
    fill: (target) => fill(run, reader, target),
    repair: async (target) => {
      // A delta without changes: only what is dirty is read, as whole blocks.
      await copy(run, { reader, target, kind: 'delta', cells: new Cells(reader.size) });
    },
    recheck: async ({ writer, journal, tags, known, written }) => {
      const { buffers, workers, options } = run;
      const { signal } = options;
      const cells = await collectCells(reader.allocated(signal), reader.size, signal);
      const progress = copyProgress(run, cells.bytes);
      const onBytes = (bytes: Bytes): void => progress.add(bytes);
      const context = { reader, writer, journal, buffers, workers, signal, onBytes, tags, known, written };
      const corrected = await recheck(cells, context);
      progress.finish();
      return corrected;
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

async function fill(run: Run, reader: DiskReader, target: JobTarget): Promise<Filled> {
  const wanted = await wantedCells(run, reader, target.kind);
  if (wanted.kind === 'delta') addDirty(wanted.cells, target.journal);
  if (run.job.delta !== undefined) run.workers.expect(wanted.cells.bytes);
  const moved = await copy(run, { reader, target, ...wanted });
  const { cells, kind, compared } = wanted;
  const allocated = kind === 'delta' ? allocatedIn(target.journal.hashes) : cells.bytes;
  return { allocated, moved, transport: reader.transport, ...(compared !== undefined && { compared }) };
}

/** What nobody knows any more comes with what changed, as whole blocks. */
function addDirty(cells: Cells, journal: JobTarget['journal']): void {
  for (let block = 0; block < journal.hashes.count; block += 1) {
    if (journal.stateOf(block) === 'dirty') cells.add(wholeBlock(block, journal.hashes.size));
  }
}

interface Wanted {
  readonly cells: Cells;
  readonly kind: PassPlan['kind'];
  /** Why everything is read although only changes were asked for. */
  readonly compared?: string;
}

/** What is to be read for a pass: a delta becomes a comparison of everything where nobody knows what changed. */
async function wantedCells(run: Run, reader: DiskReader, kind: PassPlan['kind']): Promise<Wanted> {
  const { signal } = run.options;
  const tracking = trackingOf(run.job);
  const since = run.job.delta?.since;
  let compared = 'its changes are not tracked';
  if (kind === 'delta' && run.changed !== undefined) {
    try {
      return { kind, cells: await run.changed };
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'change-tracking-reset') throw error;
      compared = error.message;
    }
  }
  const cells = await collectCells(reader.allocated(signal), reader.size, signal);
  if (kind === 'first') return { kind, cells };
  if (kind === 'compare') compared = 'an earlier copy was not finished before its snapshot was gone';
  else if (tracking !== undefined && since === undefined) compared = 'nobody knows what changed since the last copy';
  return { kind: 'compare', cells, compared };
}

/** @returns bytes that were brought now */
async function copy(
  run: Run,
  { reader, target, kind, cells }: Omit<Wanted, 'compared'> & { readonly reader: DiskReader; readonly target: JobTarget },
): Promise<Bytes> {
  const { writer, journal, tags, known, written } = target;
  const { signal } = run.options;
  const progress = copyProgress(run, cells.bytes);
  let moved = 0;
  const onDone = (bytes: Bytes): void => progress.add(bytes);
  const onBytes = (bytes: Bytes): void => {
    moved += bytes;
    progress.add(bytes);
  };
  const plan = planPass({ size: reader.size, cells, kind, blank: writer.blank, journal, onDone });
  const { buffers, workers } = run;
  const context = { reader, writer, journal, buffers, workers, signal, onBytes, tags, known, written };
  const isWorth = kind === 'delta' && run.job.verify && cells.bytes >= WORTH_OVERLAPPING;
  const early = isWorth ? new EarlyProof(run, target) : undefined;
  try {
    await copyPass(plan, early === undefined ? context : { ...context, onCommitted: () => early.due() });
    await journal.commit(() => writer.sync());
  } finally {
    await early?.settle();
  }
  progress.finish();
  return moved;
}

/** Bytes of all blocks that are not zeros. */
export function allocatedIn(hashes: BlockHashes): Bytes {
  let bytes = 0;
  for (let index = 0; index < hashes.count; index += 1) {
    if (!hashes.isZero(index)) bytes += wholeBlock(index, hashes.size).length;
  }
  return bytes;
}
