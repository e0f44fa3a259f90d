/** Disks that a server exports as a stream. What is done is read again, because there is no other way, and left alone. */
import type { LeaseSource } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { copyLease } from '../transports/lease/copy-lease.ts';
import { type ReadingTarget, readTwice } from './second-reading.ts';
import { accessOf, copyProgress, type Filled, type Run, type Way } from './way.ts';

export function leaseWay(run: Run, source: LeaseSource): Way {
  return {
    fill: (target) => fill(run, source, target),
    repair: async (target) => {
      await fill(run, source, target);
    },
    recheck: (target) => readTwice((to) => fill(run, source, to), target),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function fill(run: Run, source: LeaseSource, { writer, journal, tags }: ReadingTarget): Promise<Filled> {
  const { signal } = run.options;
  // How much of the disk is allocated is known only at the end.
  const progress = copyProgress(run, source.capacity);
  const onBytes = (bytes: Bytes): void => progress.add(bytes);
  const { allocated, moved, transport } = await copyLease(source, accessOf(run), {
    writer,
    journal,
    tags,
    workers: run.workers,
    bandwidth: run.bandwidth,
    signal,
    onBytes,
    ...(run.patience !== undefined && { patience: run.patience }),
  });
  await journal.commit(() => writer.sync());
  progress.finish();
  return { allocated, moved, transport: `${transport}; ${source.because}` };
}
