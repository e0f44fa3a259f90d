/**
 * Blocks on their way through the workers onto a target, with its journal kept in step: what is done is left alone, what is about to be
 * touched is announced first, and what was written is made durable every so often. Sources may come with their grains in any
 * order, and may come back to a block. Memory: two bits a block.
 */
import { type Bytes, GiB, roundUp } from '../../model/units.ts';
import { checkCanceled } from '../cancellation.ts';
import { Commits } from '../engine/commits.ts';
import { SECTOR } from '../formats/vmdk/descriptor.ts';
import { Bits } from '../journal/bits.ts';
import type { DiskJournal } from '../journal/journal.ts';
import type { BlockTags } from '../proof/block-tags.ts';
import { BLOCK } from '../proof/cell-hashes.ts';
import { onTarget } from '../writers/target-errors.ts';
import type { DiskWriter } from '../writers/writer.ts';
import type { DecodeTask, GrainedBlock, Treatment } from './task.ts';
import type { BlockWorkers } from './workers.ts';

/** Blocks that are announced together. After a kill so many are inflated again at most. */
const WINDOW = 256;
/** Zeros are made in pieces that leave time to cancel between them. */
const ZEROS_AT_ONCE = GiB / BLOCK;

/** Where blocks land. The journal's pass has been begun, and is ended by whoever began it. */
export interface Landing {
  readonly writer: DiskWriter;
  readonly journal: DiskJournal;
  /** Leased for as long as this is used. */
  readonly workers: BlockWorkers;
  /** Where blocks are tagged, for their read back. */
  readonly tags?: BlockTags | undefined;
  readonly signal: AbortSignal;
}

/** A task but for what only the target knows. */
export interface GrainWork extends Omit<DecodeTask, 'kind' | 'target' | 'blocks' | 'key'> {
  readonly blocks: readonly GrainedBlock[];
}

export class JournaledBlocks {
  readonly #landing: Landing;
  readonly #commits: Commits;
  readonly #size: Bytes;
  readonly #count: number;
  /** Blocks that the source has come by, written or left alone. */
  readonly #visited: Bits;
  /** Blocks whose place reads as zeros, of the windows that are announced: the journal calls these dirty from then on. */
  readonly #fresh: Bits;
  readonly #windows = new Map<number, Promise<void>>();
  readonly #inHand = new Map<number, Promise<void>>();

  constructor(landing: Landing) {
    this.#landing = landing;
    this.#commits = new Commits(landing.journal, landing.writer);
    this.#size = landing.journal.hashes.size;
    this.#count = landing.journal.hashes.count;
    this.#visited = new Bits(this.#count);
    this.#fresh = new Bits(this.#count);
  }

  /**
   * True for a block that was done by an earlier run and is come by for the first time: its grains need not be looked at. When the
   * source comes back to it they do, because an earlier run may have ended between the two.
   */
  leavesAlone(index: number): boolean {
    if (this.#visited.has(index) || this.#landing.journal.stateOf(index) !== 'done') return false;
    this.#visited.put(index, true);
    return true;
  }

  /**
   * Brings the blocks of one task onto the target. Tasks may run side by side; of two that have a block in common the second waits.
   * @throws MigrationError `image-malformed`, `image-truncated`, `source-read-failed`, `target-full`, `target-write-failed`
   */
  async run(work: GrainWork): Promise<void> {
    const again = work.blocks.map(({ index }) => this.#visit(index));
    const earlier = work.blocks.map(({ index }) => this.#inHand.get(index));
    const task = this.#run(work, again, earlier);
    const settled = task.catch(() => undefined);
    for (const { index } of work.blocks) this.#inHand.set(index, settled);
    try {
      await task;
    } finally {
      for (const { index } of work.blocks) if (this.#inHand.get(index) === settled) this.#inHand.delete(index);
    }
  }

  /** The source has ended: whatever it did not come by is zeros. */
  async finish(): Promise<void> {
    const { journal, signal } = this.#landing;
    await this.#commits.settle();
    for (let from = 0; from < this.#count; ) {
      checkCanceled(signal);
      const rest = this.#restOf(from);
      let to = from + 1;
      while (to < this.#count && to - from < ZEROS_AT_ONCE && this.#restOf(to) === rest) to += 1;
      if (rest === 'unknown') await this.#zero(from, to);
      if (rest !== 'settled') journal.addZeros(from, to);
      from = to;
    }
  }

  /** After a failure: what was done until then is kept, as far as that is still possible. */
  async keep(): Promise<void> {
    const { writer, journal, signal } = this.#landing;
    await this.#commits.settle().catch(() => undefined);
    if (!signal.aborted) await journal.commit(() => writer.sync()).catch(() => undefined);
  }

  async #run(work: GrainWork, again: readonly boolean[], earlier: readonly (Promise<void> | undefined)[]): Promise<void> {
    const { writer, journal, workers, tags, signal } = this.#landing;
    await Promise.all(earlier);
    await Promise.all(work.blocks.map(({ index }, at) => this.#announce(index, again[at] === true)));
    checkCanceled(signal);
    const blocks = work.blocks.map((block, at) => ({ ...block, treatment: this.#treatment(block.index, again[at] === true) }));
    const task = { ...work, kind: 'decode', blocks, target: writer.fd, ...(tags && { key: tags.key }) } as const;
    const digests = await onTarget(writer.path, () => workers.run(task));
    journal.add(digests);
    for (const { index, digest, tag } of digests) if (tag !== undefined) tags?.set(index, digest, tag);
    const data = new Set(digests.map(({ index }) => index));
    for (const { index } of blocks) if (!data.has(index)) journal.addZeros(index, index + 1);
    this.#commits.note(blocks.length * BLOCK);
  }

  /** Whether the source was here before. */
  #visit(index: number): boolean {
    const again = this.#visited.has(index);
    this.#visited.put(index, true);
    return again;
  }

  #treatment(index: number, again: boolean): Treatment {
    if (again) return 'amend';
    return this.#fresh.has(index) ? 'fresh' : 'overwrite';
  }

  async #announce(index: number, again: boolean): Promise<void> {
    // Added to the journal since it was announced: it must not count as done while it changes.
    if (again) return await this.#landing.journal.intend(index, index + 1);
    const number = Math.floor(index / WINDOW);
    let window = this.#windows.get(number);
    if (window === undefined) {
      window = this.#announceWindow(number * WINDOW, Math.min((number + 1) * WINDOW, this.#count));
      this.#windows.set(number, window);
    }
    await window;
  }

  async #announceWindow(from: number, to: number): Promise<void> {
    const { journal } = this.#landing;
    const spans: { from: number; to: number }[] = [];
    for (let index = from; index < to; index += 1) {
      if (journal.stateOf(index) === 'done') continue;
      this.#fresh.put(index, this.#readsAsZeros(index));
      const last = spans.at(-1);
      if (last?.to === index) last.to += 1;
      else spans.push({ from: index, to: index + 1 });
    }
    await Promise.all(spans.map((span) => journal.intend(span.from, span.to)));
  }

  #readsAsZeros(index: number): boolean {
    const { writer, journal } = this.#landing;
    return writer.blank && !journal.mayHoldData(index);
  }

  /** `announced`: reads as zeros, but the journal does not know it any more. `unknown`: may hold anything. `settled`: nothing is to be done. */
  #restOf(index: number): 'announced' | 'unknown' | 'settled' {
    if (this.#visited.has(index) || this.#landing.journal.stateOf(index) === 'done') return 'settled';
    if (this.#fresh.has(index)) return 'announced';
    return this.#readsAsZeros(index) ? 'settled' : 'unknown';
  }

  async #zero(from: number, to: number): Promise<void> {
    const { writer, journal } = this.#landing;
    await journal.intend(from, to);
    const end = Math.min(to * BLOCK, roundUp(this.#size, SECTOR));
    await writer.zero(from * BLOCK, end - from * BLOCK);
  }
}
