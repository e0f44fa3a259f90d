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
  /**
   * What is durably known of the target: hashes of all blocks that are `done`, and of `untouched` ones as the passes before left them
   * (zeros where there was none). Those of `dirty` blocks are without meaning.
   */
  readonly hashes: BlockHashes;
  /** The last pass that was begun, and whether it was ended; undefined on a new journal. */
  readonly pass: (Pass & { readonly ended: boolean }) | undefined;
  /** Passes that were ended. */
  readonly passes: number;
  /** `untouched`: as the passes before left it (never written, in a first pass). `done`: written in this pass. `dirty`: unknown. */
  stateOf(block: number): 'untouched' | 'done' | 'dirty';
  /** True for blocks that are dirty or were left with data: what a full pass has to zero where the source has nothing any more. */
  mayHoldData(block: number): boolean;
  /**
   * Begins a pass; goes on with the last one when that has the same id and kind and was not ended. In a new pass all that was done is
   * untouched, and what was dirty stays dirty. Durable. Must not be called while a commit runs.
   * @throws RangeError for an id of more than 4096 bytes
   */
  begin(pass: Pass): Promise<void>;
  /**
   * Says that blocks [from, to) are about to be touched; they are dirty until they are added anew and committed. Durable when it
   * resolves; must come before the first write to them. Calls side by side share one wait for the disk.
   */
  intend(from: number, to: number): Promise<void>;
  /**
   * Remembers blocks that were written; durable, and seen by `stateOf` and `hashes`, only by `commit`. A block that was found to be on
   * the target already needs no `intend`.
   */
  add(digests: BlockDigests): void;
  /** The same for blocks [from, to) that are zeros. */
  addZeros(from: number, to: number): void;
  /**
   * Runs `sync` on the target and then makes durable what was added before the call; what is added meanwhile waits for the next one.
   * When either fails these blocks stay as they were: after a failed sync nobody knows which bytes arrived.
   */
  commit(sync: () => Promise<void>): Promise<void>;
  /** Ends the pass after a last commit. @throws Error when a block is still dirty, because the pass is then not complete */
  end(sync: () => Promise<void>): Promise<void>;
}

/** The journal of a target: an earlier owner may have left data on it, and it is read back to be proven. */
export interface TargetJournal extends DiskJournal {
  /** `markBlanked` was called for this target. */
  readonly blanked: boolean;
  /** Remembers durably that the target was made blank, so that a resume does not make it blank again. Comes before the first pass. */
  markBlanked(): Promise<void>;
  /** `close` was called: from then on others may have written to the target, so that it holds what is said here only where one looks. */
  readonly closed: boolean;
  /** Ends the pass, everything of which was committed, and says durably that the target is about to be handed out. */
  close(): Promise<void>;
  /** Says durably that it was taken back and looked at: what is not as it should be was announced (`intend`). */
  reopen(): Promise<void>;
  /**
   * True for a block that was read back from the target after it was last announced, and had the hash it has here. It stays so from pass to
   * pass. Never true of a journal with a torn end: nobody knows whether what was torn off told of blocks that were touched.
   */
  isProven(block: number): boolean;
  /** Says that blocks were read back and are as `hashes` has them. Durable when it resolves; nothing of them waits for a commit. */
  prove(blocks: Iterable<number>): Promise<void>;
}

/**
 * Where the records are kept: a file beside the target, later something in the cluster. Its errors are MigrationErrors. A store that
 * cannot tell what it holds after an error refuses every later `append`.
 */
export interface JournalStore extends AsyncDisposable {
  /** Everything that was appended, possibly with a torn end, in pieces of any size; nothing when there is none. */
  load(): AsyncIterable<Uint8Array>;
  /** Durable when it resolves; when it does not, the next one is written where this one began. */
  append(bytes: Uint8Array): Promise<void>;
  /** Puts new content in place of all records, wholly or not at all. Durable when it resolves. */
  replace(parts: Iterable<Uint8Array>): Promise<void>;
  /** Removes it durably. A new one may be begun. */
  remove(): Promise<void>;
}
