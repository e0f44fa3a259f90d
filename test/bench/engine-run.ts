/**
 * Transfers by the engine in a process of its own: `node engine-run.ts` with an EngineRun as JSON in KUBEFERRY_BENCH_ENGINE. Prints an
 * EngineResult as JSON. Its seconds are those of the copies: the start of the process is the same for one mebibyte and for a thousand.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Extent, TransferJob } from '../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';

export interface EngineRun {
  /** Copied side by side. */
  readonly jobs: readonly TransferJob[];
  readonly certificateFile: string;
  /** JSON files with extents. */
  readonly allocated: string;
  readonly changed?: string;
}

export interface EngineResult {
  readonly seconds: number;
  /** Processor time of the copies. */
  readonly cpuSeconds: number;
  readonly moved: number;
  /** Of the whole process. */
  readonly peakRss: number;
}

const { signal } = new AbortController();
/** Not the one of wire.ts, which would load every provider with it. */
const clock: Clock = { now: () => Date.now(), sleep: (milliseconds, until) => sleep(milliseconds, undefined, { signal: until }) };

if (import.meta.main) {
  const run: EngineRun = JSON.parse(process.env['KUBEFERRY_BENCH_ENGINE'] ?? '');
  process.stdout.write(`${JSON.stringify(await transfer(run))}\n`);
}

async function transfer({ jobs, certificateFile, allocated, changed = allocated }: EngineRun): Promise<EngineResult> {
  const ca = await readFile(certificateFile, 'utf8');
  const known: readonly Extent[] = JSON.parse(await readFile(allocated, 'utf8'));
  const since: readonly Extent[] = JSON.parse(await readFile(changed, 'utf8'));
  const changes: ChangeTracking = {
    enable: async () => ({ tracked: [], untracked: [] }),
    async *changed(request) {
      yield* request.since === 'allocated' ? known : since;
    },
  };
  const access = { headers: async () => ({}), trust: () => ({ ca }), changes };
  const copier = new LocalDiskCopier({ clock });
  const started = performance.now();
  const before = process.cpuUsage();
  const results = await Promise.all(jobs.map((job) => copier.copy(job, { signal, access, onProgress: () => undefined })));
  const { user, system } = process.cpuUsage(before);
  return {
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - started) / 1000,
    moved: results.reduce((sum, { moved }) => sum + moved, 0),
    peakRss: process.resourceUsage().maxRSS * 1024,
  };
}
