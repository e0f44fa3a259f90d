/** Watches how much folders hold while something runs. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const INTERVAL_MS = 20;

/**
 * Peak of the bytes that `folders` occupy while `work` runs, without the largest file (the output itself).
 * Looked at every 20 ms; a file that lives shorter may be missed.
 */
export async function peakBesideOutput(folders: readonly string[], work: Promise<unknown>): Promise<number> {
  let running = true;
  const ended = work.finally(() => {
    running = false;
  });
  let peak = 0;
  while (running) {
    const sizes = (await Promise.all(folders.map(occupied))).flat();
    peak = Math.max(peak, sizes.reduce((sum, size) => sum + size, 0) - Math.max(0, ...sizes));
    await Promise.race([ended, pause(INTERVAL_MS)]);
  }
  await ended;
  return peak;
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
