/**
 * Transfers by the engine in a process of its own: `node engine-run.ts` with an EngineRun as JSON in KUBEFERRY_BENCH_ENGINE. Prints an
 * EngineResult as JSON. Its seconds are those of the copies: the start of the process is the same for one mebibyte and for a thousand.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { Clock } from '../../src/contracts/clock.ts';
import type { SourceAccess } from '../../src/contracts/source-access.ts';
import type { Extent, TransferJob } from '../../src/model/transfer.ts';
import { MiB } from '../../src/model/units.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { openRange } from '../../src/transfer/transports/range/open-range.ts';

export interface EngineRun {
  /** Copied side by side. */
  readonly jobs: readonly TransferJob[];
  readonly certificateFile: string;
  /** JSON files with extents. */
  readonly allocated: string;
  readonly changed?: string;
  /** The transport only reads what changed, and nothing is done with it. */
  readonly bare?: boolean;
}

export interface EngineResult {
  readonly seconds: number;
  /** Processor time of the copies. */
  readonly cpuSeconds: number;
  readonly moved: number;
  /** Of the whole process. */
  readonly peakRss: number;
}

const PIECE = 4 * MiB;
/** More of them only wait for their turn inside the reader. */
const MOST_LANES = 16;

const { signal } = new AbortController();
/** Not the one of wire.ts, which would load every provider with it. */
const clock: Clock = { now: () => Date.now(), sleep: (milliseconds, until) => sleep(milliseconds, undefined, { signal: until }) };

if (import.meta.main) {
  const run: EngineRun = JSON.parse(process.env['KUBEFERRY_BENCH_ENGINE'] ?? '');
  process.stdout.write(`${JSON.stringify(await transfer(run))}\n`);
}

async function transfer({
  jobs,
  certificateFile,
  allocated,
  changed = allocated,
  bare = false,
}: EngineRun): Promise<EngineResult> {
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
  const moved = await Promise.all(
    jobs.map(async (job) => {
      if (bare) return await readOnly(job, access, since);
      return (await copier.copy(job, { signal, access, onProgress: () => undefined })).moved;
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return {
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - started) / 1000,
    moved: moved.reduce((sum, bytes) => sum + bytes, 0),
    peakRss: process.resourceUsage().maxRSS * 1024,
  };
}

/** As many reads at once as the reader says are worth having, in pieces of 4 MiB at most, as the engine makes them. */
async function readOnly({ source }: TransferJob, access: SourceAccess, extents: readonly Extent[]): Promise<number> {
  if (source.kind !== 'range') throw new Error('Only ranges are read alone');
  await using reader = await openRange(source, access, { signal, clock });
  const pieces = extents.flatMap(({ offset, length }) =>
    Array.from({ length: Math.ceil(length / PIECE) }, (_, index) => {
      return { offset: offset + index * PIECE, length: Math.min(PIECE, length - index * PIECE) };
    }),
  );
  let next = 0;
  const lane = async (): Promise<void> => {
    const into = new Uint8Array(PIECE);
    for (let piece = pieces[next]; piece !== undefined; piece = pieces[next]) {
      next += 1;
      await reader.read(piece.offset, into.subarray(0, piece.length), signal);
    }
  };
  await Promise.all(Array.from({ length: MOST_LANES }, lane));
  return extents.reduce((sum, { length }) => sum + length, 0);
}
