/** Watches how much folders hold while something runs. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const INTERVAL_MS = 20;

/** Bytes on disk: at most, the largest file, and all others together. */
export interface DiskUse {
  readonly largest: number;
  readonly others: number;
}

/**
 * Peak of the bytes that `folders` occupy while `work` runs. The largest file is the output itself.
 * Looked at every 20 ms; a file that lives shorter may be missed.
 */
export async function peakUse(folders: readonly string[], work: Promise<unknown>): Promise<DiskUse> {
  let running = true;
  const ended = work.finally(() => {
    running = false;
  });
  let [largest, others] = [0, 0];
  while (running) {
    const sizes = (await Promise.all(folders.map(occupied))).flat();
    const most = Math.max(0, ...sizes);
    largest = Math.max(largest, most);
    others = Math.max(others, sizes.reduce((sum, size) => sum + size, 0) - most);
    await Promise.race([ended, pause(INTERVAL_MS)]);
  }
  await ended;
  return { largest, others };
}

/** Bytes on disk of each file below a folder; what vanishes meanwhile counts nothing. */
async function occupied(folder: string): Promise<readonly number[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(
    files.map(
      async (entry) => ((await lstat(path.join(entry.parentPath, entry.name)).catch(() => undefined))?.blocks ?? 0) * 512,
    ),
  );
}
