/**
 * What every transport gives: random access to a disk at rest. `test/conformance/disk-reader.ts` holds each implementation to it.
 * A transport reads; it hashes nothing, writes nothing and keeps no journal.
 */

import type { Extent } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';

export interface DiskReader extends AsyncDisposable {
  /** Guest-visible size. */
  readonly size: Bytes;
  /** How the bytes come, with a word on why: `range: the datastore hands out ranges of the frozen file`. */
  readonly transport: string;
  /**
   * Reads that are worth having at once, now: it may change after every read, and is at least 1. More reads than this only wait; the
   * reader itself bounds nothing.
   */
  readonly lanes: number;
  /** The largest read that is answered in one go; ≥ 64 KiB, a multiple of 4 KiB. */
  readonly largestRead: Bytes;
  /** Extents that may hold data: ascending, apart from each other, within the size. Everything else reads as zeros. */
  allocated(signal: AbortSignal): AsyncIterable<Extent>;
  /**
   * Fills `into`, which may be shared between threads, with the bytes from `offset`, wholly or not at all: after an error its content is undefined. What can be tried again
   * (a reset, a 503, a lost session) was tried again within the transport's own limits before the error comes.
   * @throws MigrationError `source-read-failed`, `source-unreachable`, `source-changed`, `source-login-failed`, `canceled`, …
   * @throws RangeError for bytes that the disk does not have
   */
  read(offset: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void>;
}
