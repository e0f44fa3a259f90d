/** What every part of a pass works with. */
import type { Bytes } from '../../model/units.ts';
import type { BlockWorkers } from '../blocks/workers.ts';
import type { DiskJournal } from '../journal/journal.ts';
import type { DiskReader } from '../transports/reader.ts';
import type { DiskWriter } from '../writers/writer.ts';
import type { BufferPool } from './buffers.ts';

export interface PassContext {
  readonly reader: DiskReader;
  readonly writer: DiskWriter;
  readonly journal: DiskJournal;
  readonly buffers: BufferPool;
  /** Leased for as long as the pass lasts. */
  readonly workers: BlockWorkers;
  readonly signal: AbortSignal;
  /** Told of bytes that have reached the target, as they do. */
  readonly onBytes: (bytes: Bytes) => void;
}
