/**
 * Orders work inside one process. Each kind of work has a queue of its own: whole VMs in one, the disks of all VMs in another,
 * so that a VM that waits for its disks never takes a place from them. Sole home of p-queue; everybody else sees JobQueue.
 */
import PQueue, { type Queue } from 'p-queue';
import type { Admission, JobQueue, QueueLimits } from '../contracts/job-queue.ts';
import { AdmissionLines } from './limits/admission.ts';

/**
 * A queue that runs jobs as its limits allow, by priority and then in the order they were submitted.
 * @throws RangeError when a limit is not a whole number ≥ 1
 */
export function createQueue(limits: QueueLimits): JobQueue {
  return new KeyedQueue(checked(limits));
}

type Start = () => Promise<unknown>;

/** What p-queue hands on with a job. */
interface StartOptions extends Admission {
  readonly id?: string;
  readonly signal?: AbortSignal;
}

class KeyedQueue implements JobQueue {
  readonly #queue: PQueue<Queue<Start, StartOptions>, StartOptions>;
  readonly #lines: AdmissionLines<Start>;
  readonly #submitted = new Map<string, Promise<unknown>>();

  constructor(limits: QueueLimits) {
    this.#lines = new AdmissionLines(limits);
    this.#queue = new PQueue({ concurrency: limits.perPlan ?? Number.POSITIVE_INFINITY, queueClass: waitingIn(this.#lines) });
  }

  submit<T>(key: string, work: () => Promise<T>, signal: AbortSignal, admission: Admission = {}): Promise<T> {
    const known = this.#submitted.get(key);
    if (known !== undefined) return known as Promise<T>;
    const result = this.#run(work, signal, admission).finally(() => this.#submitted.delete(key));
    this.#submitted.set(key, result);
    return result;
  }

  limit(limits: QueueLimits): void {
    this.#lines.limit(checked(limits));
    this.#queue.concurrency = limits.perPlan ?? Number.POSITIVE_INFINITY;
  }

  /**
   * p-queue's own `signal` would free the place of a running job as soon as the signal aborts, while the job still clears up
   * after itself. So p-queue hears of the signal only until the job starts.
   */
  async #run<T>(work: () => Promise<T>, signal: AbortSignal, admission: Admission): Promise<T> {
    signal.throwIfAborted();
    const { uses = {} } = admission;
    const waiting = new AbortController();
    const giveUp = (): void => waiting.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    const begin = async (): Promise<T> => {
      signal.removeEventListener('abort', giveUp);
      this.#lines.enter(uses);
      try {
        return await work();
      } finally {
        this.#lines.leave(uses);
      }
    };
    try {
      return await this.#queue.add(begin, { ...admission, signal: waiting.signal });
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }
}

/** Jobs that may not start yet do not exist for p-queue: it asks again when a job ends, is added or removed, and at a new limit. */
function waitingIn(lines: AdmissionLines<Start>): new () => Queue<Start, StartOptions> {
  return class {
    get size(): number {
      return lines.ready ? 1 : 0;
    }

    enqueue(start: Start, { id = '', ...admission }: StartOptions = {}): void {
      lines.add(id, start, admission);
    }

    dequeue(): Start | undefined {
      return lines.take();
    }

    remove(id: string): void {
      lines.remove(id);
    }

    filter(): Start[] {
      return [];
    }

    setPriority(): void {
      throw new Error('A rank never changes');
    }
  };
}

function checked(limits: QueueLimits): QueueLimits {
  for (const limit of Object.values(limits)) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A limit is a whole number from 1: ${limit}`);
  }
  return limits;
}
