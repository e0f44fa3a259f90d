/** Rate and time left of one disk, over its stages. */
import type { TransferProgress } from '../../model/transfer.ts';
import { Rate } from '../rate.ts';

export class Pace {
  #rate = new Rate();
  #latest: TransferProgress | undefined;

  /** `now` in milliseconds. Another stage has a pace of its own. */
  note(progress: TransferProgress, now: number): void {
    if (progress.stage !== this.#latest?.stage) this.#rate = new Rate();
    this.#latest = progress;
    this.#rate.note(progress.done - (progress.kept ?? 0), now);
  }

  /** Undefined before there is anything to tell. */
  get bytesPerSecond(): number | undefined {
    return this.#rate.bytesPerSecond;
  }

  /** Of the stage; undefined while nothing moves. */
  get secondsLeft(): number | undefined {
    if (this.#latest === undefined) return undefined;
    const { total, kept = 0 } = this.#latest;
    return this.#rate.secondsLeft(total - kept);
  }
}
