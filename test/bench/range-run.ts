/**
 * One transfer of a remote disk by the engine itself, or a reading by the transport alone, in a process of its own: `node range-run.ts`, with a RangeRun as JSON in
 * KUBEFERRY_BENCH_RANGE.
 */
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/contracts/clock.ts';
import type { SourceAccess } from '../../src/contracts/source-access.ts';
import type { Extent, RangeSource } from '../../src/model/transfer.ts';
import { MiB } from '../../src/model/units.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { openRange } from '../../src/transfer/transports/range/open-range.ts';
import { accessTo, rangeSource, TRACKED } from '../transfer/transports/range/fixture.ts';

export interface RangeRun {
  readonly url: string;
  readonly capacity: number;
  readonly target: string;
  readonly certificateFile: string;
  /** JSON file with the allocated extents; without it everything is read. */
  readonly map?: string;
  readonly verify: boolean;
  /** The bytes are read and written, and nothing else is done with them: what curl does. */
  readonly plain: boolean;
}

const PLAIN_READ = 4 * MiB;

const { signal } = new AbortController();
/** Not the one of wire.ts, which would load every provider with it. */
const clock: Clock = { now: () => Date.now(), sleep: (milliseconds, until) => sleep(milliseconds, undefined, { signal: until }) };

async function transfer(run: RangeRun, source: RangeSource, access: SourceAccess): Promise<void> {
  await new LocalDiskCopier({ clock }).copy(
    {
      id: 'bench/disk',
      vm: 'bench',
      disk: 'disk',
      source,
      target: { kind: 'raw-file', path: run.target },
      verify: run.verify,
    },
    { signal, onProgress: () => undefined, access },
  );
}

async function readPlainly(run: RangeRun, source: RangeSource, access: SourceAccess): Promise<void> {
  await using reader = await openRange(source, access, { signal, clock });
  await using target = await open(run.target, 'w');
  await target.truncate(run.capacity);
  const reads = pieces(reader.allocated(signal));
  const lanes: Promise<void>[] = [];
  const lane = async (): Promise<void> => {
    const buffer = new Uint8Array(PLAIN_READ);
    for (let next = await reads.next(); next.done !== true; next = await reads.next()) {
      if (lanes.length < reader.lanes) lanes.push(lane());
      const into = buffer.subarray(0, next.value.length);
      await reader.read(next.value.offset, into, signal);
      await target.write(into, 0, into.length, next.value.offset);
    }
  };
  lanes.push(lane());
  // Lanes start lanes, so there may be more of them than a moment ago.
  for (let ended = 0; ended < lanes.length; ended += 1) await lanes[ended];
}

async function* pieces(extents: AsyncIterable<Extent>): AsyncGenerator<Extent, undefined> {
  for await (const { offset, length } of extents) {
    for (let at = 0; at < length; at += PLAIN_READ) yield { offset: offset + at, length: Math.min(PLAIN_READ, length - at) };
  }
  return undefined;
}

if (import.meta.main) {
  const run: RangeRun = JSON.parse(process.env['KUBEFERRY_BENCH_RANGE'] ?? '');
  const ca = await readFile(run.certificateFile, 'utf8');
  const allocated = run.map === undefined ? undefined : JSON.parse(await readFile(run.map, 'utf8'));
  const source = rangeSource(run.url, run.capacity, run.map === undefined ? {} : { tracking: TRACKED });
  const access = accessTo({ trust: { ca }, ...(allocated !== undefined && { allocated }) });
  await (run.plain ? readPlainly : transfer)(run, source, access);
}
