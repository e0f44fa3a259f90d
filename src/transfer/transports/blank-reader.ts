/** A disk without bytes. */
import type { Extent } from '../../model/transfer.ts';
import { type Bytes, MiB } from '../../model/units.ts';
import type { DiskReader } from './reader.ts';

export function openBlankReader(size: Bytes): DiskReader {
  return {
    size,
    transport: 'blank: the source has no bytes',
    lanes: 1,
    largestRead: MiB,
    async *allocated(): AsyncGenerator<Extent> {
      // Everything reads as zeros.
    },
    async read(offset, into) {
      if (offset < 0 || offset + into.length > size) throw new RangeError(`The disk has no bytes at ${offset}`);
      into.fill(0);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
