/**
 * Emulated appliances were seen to hang on overloaded machines (qemu 7.2: a processor that spins, without any input or output), and nothing in
 * virt-v2v or libguestfs ends them. Whoever neither speaks nor writes for too long is taken for one.
 */
import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds. A kernel's initial RAM disk took seven minutes on an overloaded machine without KVM, and is written all the while. */
export const QUIET = 1_200_000;

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
