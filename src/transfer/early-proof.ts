/**
 * Reads a target back behind the commits of a delta, while the rest of it is on its way: a VM waits for the last one. What is as it should be is
 * proven in the journal until it is touched again; what is not, or could not be looked at, is left to the proof at the end (prove-target.ts).
 */
import { MigrationError } from '../model/errors.ts';
import type { JobTarget } from './job-target.ts';
import { Bits } from './journal/bits.ts';
import { wrongPastCache } from './proof.ts';
import { writtenOf } from './prove-target.ts';
import type { Run } from './ways/way.ts';

export class EarlyProof {
  readonly #run: Run;
  readonly #target: JobTarget;
  #running: Promise<void> | undefined;
  #isDue = false;
  #isOver = false;

  constructor(run: Run, target: JobTarget) {
    this.#run = run;
    this.#target = target;
  }

  /** Something was committed. */
  due(): void {
    this.#isDue = true;
    if (!this.#isOver) this.#running ??= this.#look();
  }

  /** Resolves when nothing is looked at any more: only then may a block be touched a second time. */
  async settle(): Promise<void> {
    this.#isDue = false;
    await this.#running;
  }

  async #look(): Promise<void> {
    try {
      while (this.#isDue && !this.#isOver) {
        this.#isDue = false;
        this.#isOver = !(await this.#prove());
      }
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      // Whatever it is, the proof at the end meets it as well.
      this.#isOver = true;
    } finally {
      this.#running = undefined;
    }
  }

  /** @returns false where it cannot be */
  async #prove(): Promise<boolean> {
    const { job, workers, options } = this.#run;
    const { writer, journal, tags } = this.#target;
    const { hashes } = journal;
    const blocks = new Bits(hashes.count);
    for (let block = 0; block < blocks.length; block += 1) {
      blocks.put(block, journal.stateOf(block) === 'done' && !journal.isProven(block));
    }
    const silent = { ...options, onProgress: () => undefined };
    const some = writtenOf(this.#target, blocks);
    const wrong = await wrongPastCache(writer.path, some, { job, workers, expected: { hashes, tags }, ...silent });
    if (wrong === undefined) return false;
    for (const block of wrong) blocks.put(block, false);
    await journal.prove(blocks);
    return true;
  }
}
