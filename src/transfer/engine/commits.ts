/** Makes the work of a pass durable every so often, beside the work. */
import { type Bytes, MiB } from '../../model/units.ts';
import type { DiskJournal } from '../journal/journal.ts';
import type { DiskWriter } from '../writers/writer.ts';

/** A kill costs what was written since the last commit; a sync of more would keep a cancellation waiting. */
const MAX_BYTES: Bytes = 128 * MiB;
const MAX_MS = 2000;
const AWAITED: Bytes = 16 * MiB;

export class Commits {
  readonly #journal: DiskJournal;
  readonly #writer: DiskWriter;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #bytes: Bytes = 0;
  #last = performance.now();

  readonly #onCommitted: (() => void) | undefined;

  /** @param onCommitted somebody waits for that: it comes more often */
  constructor(journal: DiskJournal, writer: DiskWriter, onCommitted?: () => void) {
    this.#journal = journal;
    this.#writer = writer;
    this.#onCommitted = onCommitted;
  }

  /** To be called after work was added to the journal. @throws what an earlier commit failed with */
  note(bytes: Bytes): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#bytes += bytes;
    const most = this.#onCommitted === undefined ? MAX_BYTES : AWAITED;
    const due = this.#bytes >= most || performance.now() - this.#last >= MAX_MS;
    if (due && this.#running === undefined) this.#running = this.#commit();
  }

  /** Resolves when no commit runs any more. @throws what one failed with */
  async settle(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #commit(): Promise<void> {
    this.#bytes = 0;
    try {
      await this.#journal.commit(() => this.#writer.sync());
      this.#onCommitted?.();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#last = performance.now();
    this.#running = undefined;
  }
}
