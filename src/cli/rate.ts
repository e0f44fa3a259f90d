/**
 * Rate and time left from moved bytes. The rate is a moving average over the last seconds, so that it follows a link
 * that slows down, and does not jump with every block.
 */
const MEMORY_MS = 5_000;

export class Rate {
  #at: number | undefined;
  #done = 0;
  #perMs: number | undefined;

  /** Tells that `done` bytes were moved by `now` (milliseconds). */
  note(done: number, now: number): void {
    if (this.#at === undefined || done < this.#done) {
      this.#perMs = undefined;
    } else if (now > this.#at) {
      const current = (done - this.#done) / (now - this.#at);
      const weight = 1 - Math.exp(-(now - this.#at) / MEMORY_MS);
      this.#perMs = this.#perMs === undefined ? current : this.#perMs + weight * (current - this.#perMs);
    } else {
      return;
    }
    this.#at = now;
    this.#done = done;
  }

  /** Bytes a second, undefined before there is anything to tell. */
  get bytesPerSecond(): number | undefined {
    return this.#perMs === undefined ? undefined : this.#perMs * 1000;
  }

  /** Seconds until `total` at this rate; undefined while nothing moves. */
  secondsLeft(total: number): number | undefined {
    if (this.#perMs === undefined || this.#perMs <= 0) return undefined;
    return Math.max(0, total - this.#done) / this.#perMs / 1000;
  }
}

/** `0:07`, `12:34`, `3:04:05`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const hours = Math.floor(whole / 3600);
  const [minutes = 0, rest = 0] = parts;
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}
