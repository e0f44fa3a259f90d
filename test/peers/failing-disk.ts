/**
 * A disk that fails when it is told to: nbdkit's memory plugin behind its error filter, mounted by nbdfuse as one file. A loop device over
 * it is a failing block device, and a file system on that a failing file system. Device-mapper, which could do the same, is not
 * in every kernel.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const PATIENCE_MS = 10_000;

export interface FailingDisk extends AsyncDisposable {
  /** A file as large as the disk; it cannot grow. */
  readonly path: string;
  /** From now on every write, and every zeroing, fails. Reads go on. */
  fail(): Promise<void>;
  /** From now on all is well again. */
  heal(): Promise<void>;
}

/** @param size bytes, whole sectors */
export async function failingDisk(size: number, error: 'EIO' | 'ENOSPC' = 'EIO'): Promise<FailingDisk> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'failing-disk-'));
  const file = path.join(folder, 'disk');
  const trigger = path.join(folder, 'fail');
  await writeFile(file, '');
  const failures = ['pwrite', 'zero', 'trim'].map((kind) => `error-${kind}-rate=100%`);
  const filter = [`error=${error}`, 'error-rate=0%', ...failures, `error-file=${trigger}`];
  const server = ['nbdkit', '--exit-with-parent', '--foreground', '--filter=error', 'memory', `size=${size}`, ...filter];
  const mount = spawn('nbdfuse', [file, '[', ...server, ']'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  mount.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  const ended = once(mount, 'exit').catch((cause: unknown) => {
    said += String(cause);
  });
  await mounted(file, size, () => {
    if (mount.exitCode !== null || mount.pid === undefined) throw new Error(`nbdfuse does not run: ${said}`);
  });
  return {
    path: file,
    fail: () => writeFile(trigger, ''),
    heal: () => rm(trigger, { force: true }),
    [Symbol.asyncDispose]: async () => {
      await execute('fusermount3', ['-u', file]);
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The file has the disk's size once it is there. */
async function mounted(file: string, size: number, check: () => void): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; (await stat(file)).size !== size; await pause(20)) {
    check();
    if (Date.now() > until) throw new Error(`nbdfuse did not mount ${file}`);
  }
}
