/** Asks a source what changed since a checkpoint. The answer may take as long as opening source and target does. */
import type { ChangeRequest } from '../../contracts/change-tracking.ts';
import { MigrationError } from '../../model/errors.ts';
import type { TrackedDisk, TransferJob } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { type Cells, collectCells } from '../engine/cells.ts';
import { accessOf, type Run } from './way.ts';

/** Disposing stops asking, and waits until nobody does any more. */
export interface Asked extends AsyncDisposable {
  /** @throws MigrationError `change-tracking-reset`, `change-tracking-unavailable`; as the source does */
  readonly changed: Promise<Cells>;
}

/** Undefined where that is no question: all of the source is read, or nobody would know. */
export function askWhatChanged(run: Run): Asked | undefined {
  const { source, delta } = run.job;
  const tracking = trackingOf(run.job);
  if (tracking === undefined || delta?.since === undefined) return undefined;
  const over = new AbortController();
  const signal = AbortSignal.any([run.options.signal, over.signal]);
  const changed = changedCells(run, { ...tracking, since: { checkpoint: delta.since } }, { capacity: source.capacity, signal });
  // Who needs the answer hears of a failure.
  const heard = changed.then(
    () => undefined,
    () => undefined,
  );
  return {
    changed,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await heard;
    },
  };
}

export function trackingOf({ source }: TransferJob): TrackedDisk | undefined {
  return 'tracking' in source ? source.tracking : undefined;
}

async function changedCells(
  run: Run,
  request: ChangeRequest,
  { capacity, signal }: { readonly capacity: Bytes; readonly signal: AbortSignal },
): Promise<Cells> {
  const { changes } = accessOf(run);
  if (changes === undefined)
    throw new MigrationError('change-tracking-unavailable', 'The source keeps no account of its changes.');
  return await collectCells(changes.changed(request, signal), capacity, signal);
}
