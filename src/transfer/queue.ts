/**
 * Orders work inside one process. Each kind of work has a queue of its own: whole VMs in one, the disks of all VMs in another,
 * so that a VM that waits for its disks never takes a place from them. Sole home of p-queue; everybody else sees JobQueue.
 */
import PQueue from 'p-queue';
import type { JobQueue } from '../contracts/job-queue.ts';

/**
 * A queue that runs `limit` jobs at once, in the order they were submitted.
 * @throws RangeError when `limit` is not a whole number ≥ 1
 */
export function createQueue(limit: number): JobQueue {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A limit is a whole number from 1: ${limit}`);
  return new KeyedQueue(limit);
}

class KeyedQueue implements JobQueue {
  readonly #queue: PQueue;
  readonly #submitted = new Map<string, Promise<unknown>>();

  constructor(limit: number) {
    this.#queue = new PQueue({ concurrency: limit });
  }

  submit<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const known = this.#submitted.get(key);
    if (known !== undefined) return known as Promise<T>;
    const result = this.#run(work, signal).finally(() => this.#submitted.delete(key));
    this.#submitted.set(key, result);
    return result;
  }

  /**
   * p-queue's own `signal` would free the place of a running job as soon as the signal aborts, while the job still clears up
   * after itself. So p-queue hears of the signal only until the job starts.
   */
  async #run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const waiting = new AbortController();
    const giveUp = (): void => waiting.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const begin = (): Promise<T> => {
        signal.removeEventListener('abort', giveUp);
        return work();
      };
      return await this.#queue.add(begin, { signal: waiting.signal });
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }
}
