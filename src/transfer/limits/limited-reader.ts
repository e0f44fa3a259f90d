/** A reader that asks for bandwidth before each read. Attempts that a transport makes anew are its own and not asked for again. */
import type { Bandwidth } from '../../contracts/bandwidth.ts';
import type { DiskReader } from '../transports/reader.ts';

/** The same disk, read no faster than `bandwidth` grants. */
export function limitReader(reader: DiskReader, bandwidth: Bandwidth): DiskReader {
  return {
    size: reader.size,
    transport: reader.transport,
    largestRead: reader.largestRead,
    get lanes() {
      return reader.lanes;
    },
    allocated: (signal) => reader.allocated(signal),
    read: async (offset, into, signal) => {
      await bandwidth.take(into.length, signal);
      await reader.read(offset, into, signal);
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}
