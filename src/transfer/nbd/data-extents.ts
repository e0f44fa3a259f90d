/** What an NBD export says of its allocation, as extents. */
import type { Extent } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';
import { checkCanceled } from '../cancellation.ts';
import type { AllocatedReader } from './connection.ts';

/** Runs of [0, end) that may hold data; adjoining ones together. @throws MigrationError `canceled`; as `disk` does */
export async function* dataExtents(
  disk: Pick<AllocatedReader, 'allocation'>,
  end: Bytes,
  signal: AbortSignal,
): AsyncGenerator<Extent> {
  let held: Extent | undefined;
  for (let offset = 0; offset < end; ) {
    checkCanceled(signal);
    for (const run of await disk.allocation(offset, end - offset)) {
      offset = run.offset + run.length;
      if (run.zero) continue;
      if (held !== undefined && held.offset + held.length < run.offset) {
        yield held;
        held = undefined;
      }
      held = { offset: held?.offset ?? run.offset, length: (held?.length ?? 0) + run.length };
    }
  }
  if (held !== undefined) yield held;
}
