/**
 * Threads that inflate, hash and write whole blocks, shared by all disks in flight: the limit of threads is the limit of memory
 * too (about 50 MB each). The first one starts as soon as there is enough to do for it, others when there is work for them; all
 * end with the last lease. What they read and write themselves never passes through the main thread, and what comes from a
 * network is given to them in memory that is shared. As long as there is none, the little there is to hash is hashed in the main thread: a delta
 * that a VM waits for is over before a thread has started.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, MiB } from '../../model/units.ts';
import { CELL, cellsIn } from '../proof/cell-hashes.ts';
import {
  type HashedBlocks,
  type Outcome,
  type Task,
  type TaskAnswer,
  type TaskFailure,
  type TaskMessage,
  WORKER_DEPTH,
} from './task.ts';
import { Workbench } from './workbench.ts';

/** Four make about 1 GB of guest data a second, in 300 MB of memory for the whole process. */
const DEFAULT_THREADS = 4;
/**
 * Each grain leaves a buffer of its size for the garbage collector, which comes by this figure. Measured for two threads: 205 MB of
 * memory in all instead of 290 MB, for 5 % of processor time; half of it would cost 15 %.
 */
const HEAP_MB = 64;
/** Tasks after which a thread has caught up with what waited for its start. */
const WARM = 16;

/** Bytes that are hashed and read back in the processor time that a thread takes to start (0.13 s). */
const WORTH_A_THREAD: Bytes = 128 * MiB;

interface Waiting {
  readonly task: Task;
  readonly resolve: (digests: HashedBlocks) => void;
  readonly reject: (error: unknown) => void;
}

/** Who carries tasks out. */
interface Hand {
  readonly inHand: Map<number, Waiting>;
  /** Tasks that it has done. */
  done: number;
  readonly give: (id: number, task: Task) => void;
}

interface Thread extends Hand {
  readonly worker: Worker;
}

export class BlockWorkers {
  /** Threads at most. */
  readonly limit: number;
  readonly #threads = new Set<Thread>();
  readonly #main: Hand;
  readonly #queue: Waiting[] = [];
  #leases = 0;
  #id = 0;
  /** What was said to come. */
  #expected: Bytes = 0;
  #come: Bytes = 0;

  /** `threads` is a whole number ≥ 1; by default the number of cores, 4 at most. */
  constructor(options: { readonly threads?: number } = {}) {
    this.limit = options.threads ?? Math.min(availableParallelism(), DEFAULT_THREADS);
    const bench = new Workbench();
    const give = (id: number, task: Task): void => void bench.run(task).then((outcome) => this.#settle(main, id, outcome));
    const main: Hand = { inHand: new Map(), done: 0, give };
    this.#main = main;
  }

  /** Tasks that are worth submitting at once; more only wait. */
  get depth(): number {
    return this.limit * WORKER_DEPTH;
  }

  /** Tasks may be run while a lease is held. When the last one is given back, all threads have ended. */
  lease(): AsyncDisposable {
    this.#leases += 1;
    let held = true;
    return {
      [Symbol.asyncDispose]: async () => {
        if (held) this.#leases -= 1;
        held = false;
        if (this.#leases > 0) return;
        this.#expected = 0;
        this.#come = 0;
        const idle = [...this.#threads];
        this.#threads.clear();
        await Promise.all(idle.map(({ worker }) => worker.terminate()));
      },
    };
  }

  /** So many bytes are about to come: where these are worth a thread it starts at once. With a lease. */
  expect(bytes: Bytes): void {
    this.#expected += bytes;
    if (this.#expected >= WORTH_A_THREAD) this.#startFirst();
  }

  /**
   * Runs a task in a thread. Descriptors in it stay open until the promise has settled.
   * @throws MigrationError `image-malformed`, `image-truncated`, `source-read-failed`; the system's error about the target
   */
  run(task: Task): Promise<HashedBlocks> {
    if (this.#leases === 0) throw new Error('Block workers are used without a lease');
    if (task.kind !== 'decode') this.#come += bytesOf(task);
    // All that was said to come does so twice: it is hashed, and read back.
    if (task.kind === 'decode' || this.#come >= 2 * this.#expected + WORTH_A_THREAD) this.#startFirst();
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (let [next] = this.#queue; next !== undefined; [next] = this.#queue) {
      const hand = this.#freest(next.task);
      if (hand === undefined) return;
      this.#queue.shift();
      this.#id += 1;
      hand.inHand.set(this.#id, next);
      hand.give(this.#id, next.task);
    }
  }

  /** The thread with the least in hand, a new one rather than one that has work where that is worth it; undefined when all have enough. */
  #freest(task: Task): Hand | undefined {
    const hands: readonly Hand[] = this.#threads.size === 0 && task.kind !== 'decode' ? [this.#main] : [...this.#threads];
    const best = hands.toSorted((a, b) => a.inHand.size - b.inHand.size)[0];
    if (best !== undefined && best.inHand.size === 0) return best;
    if (best !== this.#main && this.#threads.size < this.limit && this.#areBehind(task)) return this.#start();
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

  #startFirst(): void {
    if (this.#threads.size === 0) this.#start();
  }

  #start(): Thread {
    // The published files end in .js, those of a checkout in .ts.
    const file = new URL(`./worker${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    /** Memory that digest tasks brought, in order. It is used again and again. */
    const memory: SharedArrayBuffer[] = [];
    const give = (id: number, task: Task): void => worker.postMessage({ id, task: posted(task, memory) } satisfies TaskMessage);
    const thread: Thread = { worker, inHand: new Map(), done: 0, give };
    worker.on('message', ({ id, ...outcome }: TaskAnswer) => this.#settle(thread, id, outcome));
    worker.on('error', (error) => this.#lose(thread, error));
    worker.on('exit', () => this.#lose(thread, new Error('A block worker ended too early')));
    this.#threads.add(thread);
    return thread;
  }

  #settle(hand: Hand, id: number, outcome: Outcome): void {
    const waiting = hand.inHand.get(id);
    hand.inHand.delete(id);
    hand.done += 1;
    if ('digests' in outcome) waiting?.resolve(outcome.digests);
    else waiting?.reject(revive(outcome.failure));
    this.#dispatch();
  }

  #lose(thread: Thread, error: unknown): void {
    this.#threads.delete(thread);
    for (const waiting of thread.inHand.values()) waiting.reject(error);
    thread.inHand.clear();
    this.#dispatch();
  }
}

/** Bytes that a task looks at. */
function bytesOf(task: Exclude<Task, { readonly kind: 'decode' }>): Bytes {
  if (task.kind === 'hash') return task.bytes;
  return task.blocks.reduce(
    (sum, { length, known }) => sum + (known === undefined ? length : cellsIn(known.changed).length * CELL),
    0,
  );
}

function posted(task: Task, memory: SharedArrayBuffer[]): TaskMessage['task'] {
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
