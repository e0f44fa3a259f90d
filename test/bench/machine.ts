/** What the figures were measured on. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { formatBytes, GiB } from '../../src/model/units.ts';

const run = promisify(execFile);

export async function describeMachine(): Promise<readonly string[]> {
  const { stdout } = await run('qemu-img', ['--version']);
  const load = os.loadavg().map((value) => value.toFixed(1));
  return [
    `${os.cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${formatBytes(os.totalmem())} of memory`,
    `${await osName()}, kernel ${os.release()}, Node ${process.versions.node}, ${stdout.split('\n')[0] ?? ''}`,
    `load average at the start ${load.join(' ')}`,
  ];
}

/** A new folder with `need` bytes of room: in memory where that is large enough, so that the disk does not set the pace. */
export async function workFolder(need: number): Promise<string> {
  const parent = (await roomIn('/dev/shm')) >= need && os.freemem() >= need + 2 * GiB ? '/dev/shm' : os.tmpdir();
  if ((await roomIn(parent)) < need) throw new Error(`${parent} has less than ${formatBytes(need)} free`);
  return await mkdtemp(path.join(parent, 'kubeferry-bench-'));
}

/** Works in such a folder, which is removed afterwards. */
export async function inWorkFolder<T>(need: number, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await workFolder(need);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function roomIn(folder: string): Promise<number> {
  const found = await statfs(folder).catch(() => undefined);
  return found === undefined ? 0 : found.bavail * found.bsize;
}

async function osName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? os.type();
}
