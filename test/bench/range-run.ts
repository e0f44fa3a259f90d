/**
 * One transfer of a remote disk by the engine itself, in a process of its own: `node range-run.ts`, with a RangeRun as JSON in
 * KUBEFERRY_BENCH_RANGE.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/contracts/clock.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { accessTo, rangeSource, TRACKED } from '../transfer/transports/range/fixture.ts';

export interface RangeRun {
  readonly url: string;
  readonly capacity: number;
  readonly target: string;
  readonly certificateFile: string;
  /** JSON file with the allocated extents; without it everything is read. */
  readonly map?: string;
  readonly verify: boolean;
}

/** Not the one of wire.ts, which would load every provider with it. */
const clock: Clock = { now: () => Date.now(), sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }) };

if (import.meta.main) {
  const run: RangeRun = JSON.parse(process.env['KUBEFERRY_BENCH_RANGE'] ?? '');
  const ca = await readFile(run.certificateFile, 'utf8');
  const allocated = run.map === undefined ? undefined : JSON.parse(await readFile(run.map, 'utf8'));
  await new LocalDiskCopier({ clock }).copy(
    {
      id: 'bench/disk',
      vm: 'bench',
      disk: 'disk',
      source: rangeSource(run.url, run.capacity, run.map === undefined ? {} : { tracking: TRACKED }),
      target: { kind: 'raw-file', path: run.target },
      verify: run.verify,
    },
    {
      signal: new AbortController().signal,
      onProgress: () => undefined,
      access: accessTo({ trust: { ca }, ...(allocated !== undefined && { allocated }) }),
    },
  );
}
