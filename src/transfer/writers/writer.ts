/**
 * Where a disk is written: random access, with nothing believed before it was synced. Threads write to `fd` themselves; everybody
 * else goes through the methods, which check the count of every write (a device takes less at its end without a word).
 */
import type { FileMark } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';

export interface DiskWriter extends AsyncDisposable {
  /** Open for reading and writing until the writer is disposed of. */
  readonly fd: number;
  /** Where it is written now: for messages, and for programs that read it back. */
  readonly path: string;
  /** Bytes that can be written: the disk's size rounded up to whole sectors, or more. */
  readonly size: Bytes;
  /** True when everything that this and earlier runs did not write reads as zeros. */
  readonly blank: boolean;
  /** @throws MigrationError `target-full`, `target-write-failed` */
  write(offset: Bytes, bytes: Uint8Array): Promise<void>;
  /** Makes a run of bytes read as zeros, by the cheapest way the target has. Stopped by the signal that the writer was opened with. */
  zero(offset: Bytes, length: Bytes): Promise<void>;
  read(offset: Bytes, into: Uint8Array): Promise<void>;
  /** Durable when it resolves (fdatasync). */
  sync(): Promise<void>;
  /** Cuts to exactly `size` bytes what can be cut, syncs, and gives it its final name. Tells its mark where it is a file. Closes it. */
  publish(size: Bytes): Promise<FileMark | undefined>;
  /** Closes it and removes what was written, where it is a file of ours. Nothing happens once it is published. */
  discard(): Promise<void>;
}

/** A writer as it was opened. */
export interface OpenedWriter extends DiskWriter {
  /**
   * What earlier runs wrote is still there. False: everything reads as zeros now, whatever a journal may say, and a journal that speaks of
   * blocks on this target is to be removed.
   */
  readonly resumed: boolean;
}
