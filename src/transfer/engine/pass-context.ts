/** What every part of a pass works with. */
import type { Bytes } from '../../model/units.ts';
import type { BlockWorkers } from '../blocks/workers.ts';
import type { DiskJournal } from '../journal/journal.ts';
import type { BlockTags } from '../proof/block-tags.ts';
import type { KnownCells } from '../proof/cell-file.ts';
import type { DiskReader } from '../transports/reader.ts';
import type { DiskWriter } from '../writers/writer.ts';
import type { BufferPool } from './buffers.ts';
import type { Cells } from './cells.ts';

export interface PassContext {
  readonly reader: DiskReader;
  readonly writer: DiskWriter;
  readonly journal: DiskJournal;
  readonly buffers: BufferPool;
  /** Leased for as long as the pass lasts. */
  readonly workers: BlockWorkers;
  /** Where blocks are tagged, for their read back. */
  readonly tags?: BlockTags | undefined;
  /** Cells of blocks on the target, where they are kept from pass to pass. */
  readonly known?: KnownCells | undefined;
  /** Told of what has to be read back; where a job asks for that. */
  readonly written?: Cells | undefined;
  /** Told when something was committed; must not throw. */
  readonly onCommitted?: () => void;
  readonly signal: AbortSignal;
  /** Told of bytes that have reached the target, as they do. */
  readonly onBytes: (bytes: Bytes) => void;
}
