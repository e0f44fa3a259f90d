/**
 * Nothing in virt-v2v or libguestfs ends an appliance that hangs. Whoever neither speaks nor writes for too long is taken for one: while it lasts
 * the VM is down.
 */
import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Milliseconds. With an emulated processor on a machine with ten times as much work as it can do, an appliance was seen to trim a file system for a
 * quarter of an hour without writing a byte (qemu 7.2 translated the same code again and again), and was not hung.
 */
export const QUIET = 2_700_000;

export interface StallWatch extends Disposable {
  /** Aborts when nothing was heard and nothing was written for that long. */
  readonly signal: AbortSignal;
  /** It said something. */
  heard(): void;
}

/** @param files that it writes to @param quiet milliseconds */
export function watchForStall(files: readonly string[], quiet: number): StallWatch {
  const over = new AbortController();
  const stalled = new AbortController();
  let alive = performance.now();
  const look = async (): Promise<void> => {
    let before = '';
    for (;;) {
      await pause(quiet / 40, undefined, { signal: over.signal, ref: false });
      const now = (await Promise.all(files.map(markOf))).join(' ');
      if (now !== before) alive = performance.now();
      before = now;
      if (performance.now() - alive > quiet) return stalled.abort(new Error('It neither speaks nor writes'));
    }
  };
  look().catch(() => undefined);
  return {
    signal: stalled.signal,
    heard: () => {
      alive = performance.now();
    },
    [Symbol.dispose]: () => over.abort(),
  };
}

async function markOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return `${found?.mtimeNs}/${found?.blocks}`;
}
