/**
 * Carries tasks out, in a thread of its own (worker.ts) or, where they are too few for that, in the main one. Reads run ahead on Node's own I/O
 * threads while this one inflates and hashes: up to WORKER_DEPTH tasks are in hand, each with a buffer that is used again.
 */
import { read } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MigrationError } from '../../model/errors.ts';
import { type Bytes, KiB, MiB, roundUp } from '../../model/units.ts';
import { allEnded, systemCode } from '../cancellation.ts';
import { decodeBlocks, digestBlocks, hashBlocks, TargetTrouble } from './decode-task.ts';
import { type FileRead, type HashedBlocks, type Outcome, type Task, type TaskFailure, WORKER_DEPTH } from './task.ts';

const readAsync = promisify(read);
const WASM_PAGE: Bytes = 64 * KiB;
/** As far as it is used here: TypeScript keeps it with what browsers have. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => { readonly buffer: ArrayBuffer };
};

export class Workbench {
  readonly #buffers: Buffer[] = Array.from({ length: WORKER_DEPTH }, () => Buffer.alloc(0));
  #taken = 0;
  #turn: Promise<void> = Promise.resolve();

  /** Tasks are answered in the order in which they come. No more than WORKER_DEPTH are in hand. Never rejects. */
  async run(task: Task): Promise<Outcome> {
    const loaded = this.#load(task);
    // A failure is looked at when its turn comes.
    loaded.catch(() => undefined);
    const outcome = this.#turn.then(async (): Promise<Outcome> => {
      try {
        return { digests: work(task, await loaded) };
      } catch (error) {
        return { failure: describe(task, error) };
      }
    });
    // The next message, and whatever else waits, gets its chance in between.
    this.#turn = outcome.then(() => nextTurn());
    return await outcome;
  }

  /** Fills the next buffer, unless the task brings its own. Tasks are answered in order, so it is free again. */
  async #load(task: Task): Promise<Buffer> {
    if (task.kind === 'digest') return Buffer.from(task.given);
    if (task.kind === 'decode' && task.given !== undefined) return Buffer.from(task.given, 0, task.bytes);
    const slot = this.#taken % WORKER_DEPTH;
    this.#taken += 1;
    let held = this.#buffers[slot];
    if (held === undefined || held.length < task.bytes) {
      held = pagesOf(roundUp(task.bytes, MiB));
      this.#buffers[slot] = held;
    }
    const bytes = held.subarray(0, task.bytes);
    clearGaps(task.reads, bytes);
    await allEnded(task.reads.map((one) => readWhole(task, one, bytes)));
    return bytes;
  }
}

/** Memory that begins with a page, as reads past the kernel's cache want it. Nothing else in JavaScript gives that. */
function pagesOf(bytes: Bytes): Buffer {
  try {
    return Buffer.from(new WebAssembly.Memory({ initial: bytes / WASM_PAGE, maximum: bytes / WASM_PAGE }).buffer);
  } catch {
    // Address space is scarce. Then these reads fail, and others are made.
    return Buffer.allocUnsafeSlow(bytes);
  }
}

async function readWhole(task: Task, { fd, at, length, into }: FileRead, bytes: Buffer): Promise<void> {
  for (let done = 0; done < length; ) {
    const { bytesRead } = await readAsync(fd, bytes, into + done, length - done, at + done);
    if (bytesRead === 0) throw cut(task, at + done);
    done += bytesRead;
  }
}

/** Zeros wherever no read comes, and as few more as their order allows: ascending reads leave nothing to be cleared twice. */
function clearGaps(reads: readonly FileRead[], bytes: Buffer): void {
  let at = 0;
  for (const { into, length } of reads) {
    if (into > at) bytes.fill(0, at, into);
    at = Math.max(at, into + length);
  }
  bytes.fill(0, at);
}

function work(task: Task, bytes: Buffer): HashedBlocks {
  if (task.kind === 'digest') return digestBlocks(task, bytes);
  return task.kind === 'decode' ? decodeBlocks(task, bytes) : hashBlocks(task, bytes);
}

function cut(task: Task, at: number): MigrationError {
  return task.kind === 'decode'
    ? new MigrationError('image-truncated', `The image ends too early, at byte ${at} of its file.`)
    : new MigrationError('target-write-failed', `The target ends at byte ${at}.`);
}

function describe(task: Task, error: unknown): TaskFailure {
  if (error instanceof MigrationError) return { kind: 'migration', code: error.code, message: error.message, cause: error.cause };
  const cause = error instanceof TargetTrouble ? error.cause : error;
  const code = systemCode(cause);
  if (code === undefined || code.startsWith('ERR_')) return { kind: 'bug', cause };
  if (task.kind === 'hash' || error instanceof TargetTrouble) return { kind: 'system', code, message: String(cause) };
  return { kind: 'migration', code: 'source-read-failed', message: `The source cannot be read (${code}).`, cause };
}
