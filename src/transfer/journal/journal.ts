/**
 * Which blocks of a disk are on its target, and their hashes. What it says is durable and true: a block is `done` only when its bytes were
 * synced before the journal was; a block that may have been touched since is `dirty` and has to be read whole again.
 *
 * Blocks are those of BlockHashes (1 MiB). The journal knows nothing of files: it keeps its records in a JournalStore.
 */
import type { BlockDigests } from '../blocks/task.ts';
import type { BlockHashes } from '../proof/block-hashes.ts';

/** One reading of the source: the whole disk, or what changed since a checkpoint. */
export interface Pass {
  /** Tells which state of the source is read: the same id means the same bytes. */
  readonly id: string;
  readonly kind: 'full' | 'delta';
}

export interface DiskJournal extends AsyncDisposable {
  /** Hashes of all blocks that are done; the others are without meaning. */
  readonly hashes: BlockHashes;
  /** The last pass that was begun, and whether it was ended; undefined on a new journal. */
  readonly pass: (Pass & { readonly ended: boolean }) | undefined;
  /** Passes that were ended. */
  readonly passes: number;
  /** `untouched`: as the passes before left it (never written, in a first pass). `done`: written in this pass. `dirty`: unknown. */
  stateOf(block: number): 'untouched' | 'done' | 'dirty';
  /** Begins a pass; goes on with the last one when that has the same id and was not ended. Durable. */
  begin(pass: Pass): Promise<void>;
  /** Says that blocks [from, to) are about to be touched. Durable when it resolves; must come before the first write to them. */
  intend(from: number, to: number): Promise<void>;
  /** Remembers blocks that were written; durable only by `commit`. */
  add(digests: BlockDigests): void;
  /** The same for blocks [from, to) that are zeros. */
  addZeros(from: number, to: number): void;
  /** Runs `sync` on the target and then makes durable what was added before the call. */
  commit(sync: () => Promise<void>): Promise<void>;
  /** Ends the pass after a last commit. */
  end(sync: () => Promise<void>): Promise<void>;
}

/** Where the records are kept: a file beside the target, later something in the cluster. */
export interface JournalStore extends AsyncDisposable {
  /** Everything that was appended, possibly with a torn end; empty when there is none. */
  load(): Promise<Buffer>;
  /** Durable when it resolves. */
  append(bytes: Uint8Array): Promise<void>;
  /** Puts new content in place of all records, wholly or not at all. */
  replace(bytes: Uint8Array): Promise<void>;
  /** Removes it durably. */
  remove(): Promise<void>;
}
