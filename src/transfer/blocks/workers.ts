/**
 * Threads that inflate, hash and write whole blocks, shared by all disks in flight: the limit of threads is the limit of memory
 * too (about 50 MB each). The first one starts with the first lease, while the source is opened, others when there is work for them; all
 * end with the last lease. What they read and write themselves never passes through the main thread, and what comes from a
 * network is given to them in memory that is shared.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { MigrationError } from '../../model/errors.ts';
import { type HashedBlocks, type Task, type TaskAnswer, type TaskFailure, type TaskMessage, WORKER_DEPTH } from './task.ts';

/** Four make about 1 GB of guest data a second, in 300 MB of memory for the whole process. */
const DEFAULT_THREADS = 4;
/**
 * Each grain leaves a buffer of its size for the garbage collector, which comes by this figure. Measured for two threads: 205 MB of
 * memory in all instead of 290 MB, for 5 % of processor time; half of it would cost 15 %.
 */
const HEAP_MB = 64;
/** Tasks after which a thread has caught up with what waited for its start. */
const WARM = 16;

interface Waiting {
  readonly task: Task;
  readonly resolve: (digests: HashedBlocks) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly inHand: Map<number, Waiting>;
  /** Memory that digest tasks brought, in order. It is used again and again. */
  readonly memory: SharedArrayBuffer[];
  /** Tasks that it has done. */
  done: number;
}

export class BlockWorkers {
  /** Threads at most. */
  readonly limit: number;
  readonly #threads = new Set<Thread>();
  readonly #queue: Waiting[] = [];
  #leases = 0;
  #id = 0;

  /** `threads` is a whole number ≥ 1; by default the number of cores, 4 at most. */
  constructor(options: { readonly threads?: number } = {}) {
    this.limit = options.threads ?? Math.min(availableParallelism(), DEFAULT_THREADS);
  }

  /** Tasks that are worth submitting at once; more only wait. */
  get depth(): number {
    return this.limit * WORKER_DEPTH;
  }

  /** Tasks may be run while a lease is held. When the last one is given back, all threads have ended. */
  lease(): AsyncDisposable {
    this.#leases += 1;
    if (this.#threads.size === 0) this.#start();
    let held = true;
    return {
      [Symbol.asyncDispose]: async () => {
        if (held) this.#leases -= 1;
        held = false;
        if (this.#leases > 0) return;
        const idle = [...this.#threads];
        this.#threads.clear();
        await Promise.all(idle.map(({ worker }) => worker.terminate()));
      },
    };
  }

  /**
   * Runs a task in a thread. Descriptors in it stay open until the promise has settled.
   * @throws MigrationError `image-malformed`, `image-truncated`, `source-read-failed`; the system's error about the target
   */
  run(task: Task): Promise<HashedBlocks> {
    if (this.#leases === 0) throw new Error('Block workers are used without a lease');
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (let [next] = this.#queue; next !== undefined; [next] = this.#queue) {
      const thread = this.#freest(next.task);
      if (thread === undefined) return;
      this.#queue.shift();
      this.#id += 1;
      thread.inHand.set(this.#id, next);
      thread.worker.postMessage({ id: this.#id, task: posted(next.task, thread) } satisfies TaskMessage);
    }
  }

  /** The thread with the least in hand, a new one rather than one that has work where that is worth it; undefined when all have enough. */
  #freest(task: Task): Thread | undefined {
    const [best] = [...this.#threads].sort((a, b) => a.inHand.size - b.inHand.size);
    if (best !== undefined && best.inHand.size === 0) return best;
    if (this.#threads.size < this.limit && this.#areBehind(task)) return this.#start();
    return best !== undefined && best.inHand.size < WORKER_DEPTH ? best : undefined;
  }

  /**
   * Whether a task deserves a thread of its own. One thread hashes faster than most links bring anything, and a start costs as much as
   * hashing 100 MB: what has piled up while the threads were started does not count. Who reads back has as many tasks under way as are worth it.
   */
  #areBehind({ kind }: Task): boolean {
    if (kind === 'decode') return true;
    const least = kind === 'digest' ? WARM : 0;
    return [...this.#threads].every(({ inHand, done }) => inHand.size === WORKER_DEPTH && done >= least);
  }

  #start(): Thread {
    // The published files end in .js, those of a checkout in .ts.
    const file = new URL(`./worker${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    const thread: Thread = { worker, inHand: new Map(), memory: [], done: 0 };
    worker.on('message', (answer: TaskAnswer) => this.#settle(thread, answer));
    worker.on('error', (error) => this.#lose(thread, error));
    worker.on('exit', () => this.#lose(thread, new Error('A block worker ended too early')));
    this.#threads.add(thread);
    return thread;
  }

  #settle(thread: Thread, answer: TaskAnswer): void {
    const waiting = thread.inHand.get(answer.id);
    thread.inHand.delete(answer.id);
    thread.done += 1;
    if ('digests' in answer) waiting?.resolve(answer.digests);
    else waiting?.reject(revive(answer.failure));
    this.#dispatch();
  }

  #lose(thread: Thread, error: unknown): void {
    this.#threads.delete(thread);
    for (const waiting of thread.inHand.values()) waiting.reject(error);
    thread.inHand.clear();
    this.#dispatch();
  }
}

function posted(task: Task, { memory }: Thread): TaskMessage['task'] {
  if (task.kind !== 'digest') return task;
  const given = memory.indexOf(task.given);
  if (given >= 0) return { ...task, given };
  memory.push(task.given);
  return task;
}

function revive(failure: TaskFailure): unknown {
  switch (failure.kind) {
    case 'migration':
      return new MigrationError(failure.code, failure.message, { cause: failure.cause });
    case 'system':
      return Object.assign(new Error(failure.message), { code: failure.code });
    case 'bug':
      return failure.cause;
  }
}
