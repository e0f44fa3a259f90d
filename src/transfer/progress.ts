/** Passes progress on at most five times a second, and always the last word of a stage. */
import type { TransferProgress } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';

const INTERVAL_MS = 200;

export class StageProgress {
  readonly #report: (done: Bytes) => void;
  readonly #total: Bytes;
  #done = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(about: Omit<TransferProgress, 'done'>, onProgress: (progress: TransferProgress) => void) {
    this.#total = about.total;
    this.#report = (done) => onProgress({ ...about, done });
    this.to(about.kept ?? 0);
  }

  /** `done` never falls and never passes the total. */
  to(done: Bytes): void {
    this.#done = Math.max(this.#done, Math.min(Math.round(done), this.#total));
    const now = performance.now();
    if (now - this.#reportedAt < INTERVAL_MS) return;
    this.#reportedAt = now;
    this.#report(this.#done);
  }

  add(bytes: Bytes): void {
    this.to(this.#done + bytes);
  }

  finish(): void {
    this.#report(this.#total);
  }
}
