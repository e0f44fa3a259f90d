/**
 * Keys that need to be looked at. A key waits once however often it is added, is worked on by one worker at a time, and comes back after a
 * failure, later each time. What the work is does not matter here; time and chance are given.
 */
import type { Clock } from '../../contracts/clock.ts';
import { type BackOff, backOffAfter } from './back-off.ts';
import { DueTimes } from './due-times.ts';

/** Nothing: done until it is added again. `again`: look once more after so many milliseconds. */
export type WorkResult = { readonly again: number } | undefined;

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** Half a second to a minute when absent. */
  readonly backOff?: BackOff;
}

export interface RunOptions {
  /** The signal of the work aborts `grace` after that of the queue. */
  readonly work: (key: string, signal: AbortSignal) => Promise<WorkResult>;
  /** Keys at once. */
  readonly workers: number;
  /** How long work may go on after the queue was stopped, in milliseconds. */
  readonly grace: number;
  /** Called when work has thrown; the key comes back after `again` milliseconds. */
  readonly onFailure?: (key: string, error: unknown, again: number) => void;
  /** Stops the queue: nothing new is begun. */
  readonly signal: AbortSignal;
}

const BACK_OFF: BackOff = { first: 500, longest: 60_000 };

export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backOff: BackOff;
  /** In the order in which they came. */
  readonly #ready = new Set<string>();
  readonly #later = new DueTimes();
  readonly #running = new Map<string, Promise<void>>();
  /** Added while they were worked on. */
  readonly #changed = new Set<string>();
  readonly #failures = new Map<string, number>();
  #wake = Promise.withResolvers<void>();

  constructor({ clock, random, backOff = BACK_OFF }: WorkQueueOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#backOff = backOff;
  }

  /** Keys that wait for a worker. Those that are worked on or are not due yet do not count. */
  get depth(): number {
    return this.#ready.size;
  }

  /** To be worked on as soon as there is a worker, or once more when it is worked on just now. */
  add(key: string): void {
    this.#later.delete(key);
    if (this.#running.has(key)) this.#changed.add(key);
    else this.#ready.add(key);
    this.#wake.resolve();
  }

  /** To be worked on after so many milliseconds, if it is not earlier anyway. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#ready.has(key) || this.#changed.has(key)) return;
    this.#later.set(key, this.#clock.now() + milliseconds);
    this.#wake.resolve();
  }

  /** Works until the signal aborts, then waits for what is being worked on. To be called once. */
  async run(options: RunOptions): Promise<void> {
    const { workers, grace, signal } = options;
    const stopWork = new AbortController();
    const stopped = () => this.#wake.resolve();
    signal.addEventListener('abort', stopped);
    try {
      while (!signal.aborted) {
        this.#wake = Promise.withResolvers();
        for (let key = this.#later.take(this.#clock.now()); key !== undefined; key = this.#later.take(this.#clock.now()))
          this.add(key);
        for (const key of this.#ready) {
          if (this.#running.size >= workers) break;
          this.#begin(key, options, stopWork.signal);
        }
        await this.#untilSomethingHappens();
      }
    } finally {
      signal.removeEventListener('abort', stopped);
      await this.#drain(grace, stopWork);
    }
  }

  #begin(key: string, options: RunOptions, signal: AbortSignal): void {
    this.#ready.delete(key);
    this.#running.set(key, this.#work(key, options, signal));
  }

  async #work(key: string, { work, onFailure, signal: stop }: RunOptions, signal: AbortSignal): Promise<void> {
    let again: number | undefined;
    let failed = false;
    try {
      again = (await work(key, signal))?.again;
      this.#failures.delete(key);
    } catch (error) {
      failed = true;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      again = backOffAfter(failures, this.#backOff, this.#random());
      if (!stop.aborted) onFailure?.(key, error, again);
    }
    this.#running.delete(key);
    const changed = this.#changed.delete(key);
    // What changed during work that failed may be its own doing: it waits all the same, or the two would chase each other.
    if (changed && !failed) this.add(key);
    else if (again !== undefined) this.addAfter(key, again);
    this.#wake.resolve();
  }

  /** Something was added, work has ended, the queue is stopped, or a key is due. */
  async #untilSomethingHappens(): Promise<void> {
    const due = this.#later.next();
    if (due === undefined) return await this.#wake.promise;
    const awake = new AbortController();
    const timer = this.#clock.sleep(Math.max(0, due - this.#clock.now()), awake.signal).catch(() => undefined);
    await Promise.race([this.#wake.promise, timer]);
    awake.abort();
  }

  async #drain(grace: number, stopWork: AbortController): Promise<void> {
    const ended = new AbortController();
    const all = Promise.all(this.#running.values()).then(() => ended.abort());
    await this.#clock.sleep(grace, ended.signal).catch(() => undefined);
    stopWork.abort();
    await all;
  }
}
