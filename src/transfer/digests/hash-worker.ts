/**
 * Entry of the thread that hashes source files from their beginning to their end, a piece at a time, several files side by side. It imports
 * nothing of ours but types: a thread loads its modules anew, which took longer than hashing a hundred megabytes.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { Bytes } from '../../model/units.ts';
import type { HashAnswer, HashMessage } from './hash-thread.ts';

interface OpenFile {
  readonly fd: number;
  readonly hash: Hash;
}

/** Small enough to stay in the processor's cache between reading and hashing. */
const buffer = Buffer.allocUnsafeSlow(2 ** 20);
const files = new Map<number, OpenFile>();

parentPort?.on('message', (message: HashMessage) => {
  const answer = take(message);
  if (answer !== undefined) parentPort?.postMessage(answer);
});

function take(message: HashMessage): HashAnswer | undefined {
  const { id } = message;
  try {
    switch (message.kind) {
      case 'begin':
        files.set(id, { fd: openSync(message.path, 'r'), hash: createHash(message.algorithm) });
        return { id };
      case 'read':
        return { id, read: feed(known(id), message.at, message.length) };
      case 'end':
        return { id, hex: known(id).hash.digest('hex') };
      case 'close':
        close(id);
        return undefined;
    }
  } catch (error) {
    return { id, failure: error instanceof Error && 'code' in error ? String(error.code) : String(error) };
  }
}

function known(id: number): OpenFile {
  const file = files.get(id);
  if (file === undefined) throw new Error(`No file ${id} is hashed`);
  return file;
}

/** Returns how many bytes there were: fewer than `length` where the file ends. */
function feed({ fd, hash }: OpenFile, at: Bytes, length: Bytes): Bytes {
  let done = 0;
  while (done < length) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, length - done), at + done);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
    done += count;
  }
  return done;
}

function close(id: number): void {
  const file = files.get(id);
  files.delete(id);
  if (file !== undefined) closeSync(file.fd);
}
