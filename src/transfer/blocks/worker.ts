/**
 * Entry of a block worker thread. Reads run ahead on Node's own I/O threads while this one inflates and hashes: up to
 * WORKER_DEPTH tasks are in hand, each with a buffer that is used again.
 */
import { read } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { MigrationError } from '../../model/errors.ts';
import { MiB, roundUp } from '../../model/units.ts';
import { allEnded, systemCode } from '../cancellation.ts';
import { decodeBlocks, digestBlocks, hashBlocks, TargetTrouble } from './decode-task.ts';
import { type FileRead, type HashedBlocks, type Task, type TaskFailure, type TaskMessage, WORKER_DEPTH } from './task.ts';

const readAsync = promisify(read);
const buffers: Buffer[] = Array.from({ length: WORKER_DEPTH }, () => Buffer.alloc(0));
/** Of digest tasks, in the order in which it came. */
const memory: SharedArrayBuffer[] = [];
let taken = 0;
let turn: Promise<void> = Promise.resolve();

parentPort?.on('message', ({ id, task: posted }: TaskMessage) => {
  const task = withMemory(posted);
  const loaded = load(task);
  // A failure is looked at when its turn comes.
  loaded.catch(() => undefined);
  turn = turn.then(async () => {
    try {
      parentPort?.postMessage({ id, digests: work(task, await loaded) });
    } catch (error) {
      parentPort?.postMessage({ id, failure: describe(task, error) });
    }
    // The next message gets its chance to start reading.
    await nextTurn();
  });
});

function withMemory(task: TaskMessage['task']): Task {
  if (task.kind !== 'digest') return task;
  if (typeof task.given !== 'number') {
    memory.push(task.given);
    return { ...task, given: task.given };
  }
  const given = memory[task.given];
  if (given === undefined) throw new Error('A task is over memory that never came');
  return { ...task, given };
}

/** Fills the next buffer, unless the task brings its own. Tasks are answered in order, so it is free again. */
async function load(task: Task): Promise<Buffer<ArrayBufferLike>> {
  if (task.kind === 'digest') return Buffer.from(task.given);
  if (task.kind === 'decode' && task.given !== undefined) return Buffer.from(task.given, 0, task.bytes);
  const slot = taken % WORKER_DEPTH;
  taken += 1;
  let held = buffers[slot];
  if (held === undefined || held.length < task.bytes) {
    held = Buffer.allocUnsafeSlow(roundUp(task.bytes, MiB));
    buffers[slot] = held;
  }
  const bytes = held.subarray(0, task.bytes);
  clearGaps(task.reads, bytes);
  await allEnded(task.reads.map((one) => readWhole(task, one, bytes)));
  return bytes;
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
