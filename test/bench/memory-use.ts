/** Watches how much memory a process and everything that it started take together. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { KiB } from '../../src/model/units.ts';

const INTERVAL_MS = 250;

/** Peak of the bytes of this process' descendants while `work` runs: shared pages are shared out (Pss). Looked at four times a second. */
export async function peakOfDescendants(work: Promise<unknown>): Promise<number> {
  let running = true;
  const ended = work.finally(() => {
    running = false;
  });
  let peak = 0;
  while (running) {
    const sizes = await Promise.all((await descendants(process.pid)).map(memoryOf));
    peak = Math.max(
      peak,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    await Promise.race([ended, pause(INTERVAL_MS)]);
  }
  await ended;
  return peak;
}

async function descendants(root: number): Promise<readonly number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(/\) \S (\d+)/.exec(stat)?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (const waiting = [root]; waiting.length > 0; ) {
    const own = children.get(waiting.pop() ?? 0) ?? [];
    found.push(...own);
    waiting.push(...own);
  }
  return found;
}

/** 0 for one that has just ended. */
async function memoryOf(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * KiB;
}
