/**
 * Rate and time left from moved bytes. The rate is a moving average over the last seconds, so that it follows a link
 * that slows down, and does not jump with every block. In the first seconds it is the plain average of what there is: the
 * first instant, in which connections are opened, weighs no more than any other.
 */
const MEMORY_MS = 5_000;

export class Rate {
  #at: number | undefined;
  #done = 0;
  /** Bytes and milliseconds, each faded by age: their quotient is the rate. */
  #bytes = 0;
  #time = 0;

  /** Tells that `done` bytes were moved by `now` (milliseconds). */
  note(done: number, now: number): void {
    if (this.#at === undefined || done < this.#done) {
      this.#bytes = 0;
      this.#time = 0;
    } else if (now > this.#at) {
      const faded = Math.exp(-(now - this.#at) / MEMORY_MS);
      this.#bytes = this.#bytes * faded + (done - this.#done);
      this.#time = this.#time * faded + (now - this.#at);
    } else {
      return;
    }
    this.#at = now;
    this.#done = done;
  }

  /** Bytes a second, undefined before there is anything to tell. */
  get bytesPerSecond(): number | undefined {
    return this.#time === 0 ? undefined : (this.#bytes / this.#time) * 1000;
  }

  /** Seconds until `total` at this rate; undefined while nothing moves. */
  secondsLeft(total: number): number | undefined {
    const rate = this.bytesPerSecond;
    if (rate === undefined || rate < 1) return undefined;
    return Math.max(0, total - this.#done) / rate;
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
