/** What a source's change tracking says about allocated blocks, made fit for a reader: in order, apart and within the disk. */
import type { SourceAccess } from '../../../contracts/source-access.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { Extent, TrackedDisk } from '../../../model/transfer.ts';
import type { Bytes } from '../../../model/units.ts';

export interface Allocation {
  readonly capacity: Bytes;
  readonly tracking: TrackedDisk | undefined;
  readonly access: SourceAccess;
  /** Called when nobody knows what is allocated, with the reason: everything that has not been named yet is named then. */
  readonly onUnknown: (because: string) => void;
}

/**
 * Extents that may hold data: ascending, apart from each other, within the capacity.
 * @throws MigrationError `source-answer-broken` for extents out of order; what the tracking throws
 */
export async function* allocatedExtents(allocation: Allocation, signal: AbortSignal): AsyncGenerator<Extent, undefined> {
  const { capacity, tracking, access, onUnknown } = allocation;
  let pending: Extent = { offset: 0, length: 0 };
  try {
    if (tracking === undefined || access.changes === undefined) throw untracked('the source does not track its blocks');
    for await (const extent of access.changes.changed({ ...tracking, since: 'allocated' }, signal)) {
      const { offset, length } = checked(extent, pending.offset);
      const end = pending.offset + pending.length;
      if (offset <= end) {
        pending = { offset: pending.offset, length: Math.max(end, offset + length) - pending.offset };
        continue;
      }
      if (offset >= capacity) break;
      if (pending.length > 0) yield clipped(pending, capacity);
      pending = { offset, length };
    }
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code !== 'change-tracking-unavailable') throw error;
    onUnknown(error.message);
    pending = { offset: pending.offset, length: capacity - pending.offset };
  }
  const last = clipped(pending, capacity);
  if (last.length > 0) yield last;
  return undefined;
}

function checked(extent: Extent, from: Bytes): Extent {
  const { offset, length } = extent;
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(offset + length) && length > 0 && offset >= from) return extent;
  throw new MigrationError('source-answer-broken', `The source names its allocated blocks out of order, at byte ${offset}.`);
}

function clipped({ offset, length }: Extent, capacity: Bytes): Extent {
  return { offset, length: Math.min(length, capacity - offset) };
}

function untracked(because: string): MigrationError {
  return new MigrationError('change-tracking-unavailable', because);
}
