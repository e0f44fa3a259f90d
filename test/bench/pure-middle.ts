/**
 * The pure middle: assessment, mapping, estimates and JSON, against JSON.parse and JSON.stringify of the same inventory. CPU time of
 * all threads counts, not wall time, so that a busy machine tells the same.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { formatBytes } from '../../src/model/units.ts';
import { median } from './measure.ts';
import type { Middle, MiddleRun } from './middle-run.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const execute = promisify(execFile);
const SIZES = [1000, 10_000, 100_000] as const;
/** The largest fleet takes minutes; more rounds add little. */
const MOST_ROUNDS = 3;
const MOST_TIMES = 6;
const FLAT = 1.2;
/** Every size has to do with this heap, so that peak memory tells what is held and not how lazily it was cleared. */
const HEAP = ['--max-old-space-size=192'];

export const pureMiddle: Bench = {
  name: 'pure-middle',
  async run({ rounds, say }: BenchOptions): Promise<BenchResult> {
    const runs = new Map<string, MiddleRun[]>();
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round += 1) {
      for (const count of SIZES) {
        for (const what of ['baseline', 'document', 'ndjson'] as const) {
          say(`round ${round + 1}: ${what} of ${count} VMs`);
          const key = keyOf(what, count);
          runs.set(key, [...(runs.get(key) ?? []), await measure(what, count)]);
        }
      }
    }
    const cpu = (what: Middle, count: number): number =>
      median((runs.get(keyOf(what, count)) ?? []).map(({ cpuSeconds }) => cpuSeconds));
    const memory = (count: number): number => median((runs.get(keyOf('ndjson', count)) ?? []).map(({ peakRss }) => peakRss));
    return {
      title: 'Pure middle: assess, map, estimate and write JSON (CPU seconds)',
      timings: new Map([...runs].map(([key, all]) => [key, all.map(({ cpuSeconds }) => cpuSeconds)])),
      reaches: [...SIZES.map((count) => timesBaseline(count, cpu)), flatness(cpu), growth(memory)],
    };
  },
};

function keyOf(what: Middle, count: number): string {
  return `${what}, ${count} VMs`;
}

async function measure(what: Middle, count: number): Promise<MiddleRun> {
  const script = path.join(import.meta.dirname, 'middle-run.ts');
  const { stdout } = await execute(process.execPath, [...HEAP, script, what, String(count)]);
  return JSON.parse(stdout);
}

function timesBaseline(count: number, cpu: (what: Middle, count: number) => number): Reach {
  const times = cpu('document', count) / cpu('baseline', count);
  return {
    what: `JSON report of ${count} VMs, times JSON.parse and JSON.stringify of the inventory`,
    value: times.toFixed(1),
    goal: `at most ${MOST_TIMES}`,
    reached: times <= MOST_TIMES,
  };
}

function flatness(cpu: (what: Middle, count: number) => number): Reach {
  const times = cpu('document', 100_000) / 10 / cpu('document', 10_000);
  return {
    what: 'cost of one VM of 100,000, times that of one of 10,000',
    value: times.toFixed(2),
    goal: `at most ${FLAT}`,
    reached: times <= FLAT,
  };
}

/** Reported as it is: the survey of names and MAC addresses that VMs share takes room for each. */
function growth(memory: (count: number) => number): Reach {
  const [small, large] = [memory(10_000), memory(100_000)];
  return {
    what: 'peak memory of ndjson, 10,000 and 100,000 VMs',
    value: `${formatBytes(small)}, ${formatBytes(large)} (${formatBytes(Math.max(0, Math.round((large - small) / 90_000)))} a VM)`,
  };
}
