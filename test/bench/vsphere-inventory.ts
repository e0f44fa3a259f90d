/**
 * The inventory of a vCenter: kubeferry's typed VMs, as they stream, against govmomi's property collector reading the same properties of the
 * same synthetic VMs into its structs. CPU seconds and peak memory of whole processes, so that a busy machine tells the same.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { VM_PATHS } from '../../providers/vsphere/inventory/paths.ts';
import { formatBytes, MiB } from '../../src/model/units.ts';
import { type Collected, collect } from '../peers/collect.ts';
import { startSyntheticVcenter } from '../peers/synthetic-vcenter.ts';
import { type ServerAddress, startVcsim } from '../peers/vcsim.ts';
import type { InventoryRun } from './inventory-run.ts';
import { median } from './measure.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const execute = promisify(execFile);

interface Size {
  readonly vms: number;
  readonly mostRounds: number;
  readonly mostRss: number;
}

const SMALL: Size = { vms: 10_000, mostRounds: Number.POSITIVE_INFINITY, mostRss: 250 * MiB };
const LARGE: Size = { vms: 100_000, mostRounds: 1, mostRss: 400 * MiB };
/** VMs of vcsim. */
const SIMULATED = 1000;
const MOST_CPU_TIMES = 0.6;
const MOST_BLOCKED_MS = 50;
const MOST_CHANGE = 0.01;

interface Measured {
  readonly size: Size;
  readonly ours: InventoryRun[];
  readonly govmomi: Collected[];
  readonly watched: InventoryRun[];
}

export const vsphereInventory: Bench = {
  name: 'vsphere-inventory',
  async run({ rounds, full, say }: BenchOptions): Promise<BenchResult> {
    const all: Measured[] = [];
    let simulated: Measured | undefined;
    const cache = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-bench-'));
    try {
      for (const size of full ? [SMALL, LARGE] : [SMALL]) {
        await using server = await startSyntheticVcenter(size.vms);
        all.push(await measure({ server, cache }, size, { rounds: Math.min(rounds, size.mostRounds), say }));
      }
      // Not larger: what vcsim itself needs grows faster than its VMs.
      await using vcsim = await startVcsim({ vms: SIMULATED, model: { host: 0 } });
      simulated = await measure({ server: vcsim, cache }, { ...SMALL, vms: SIMULATED }, { rounds, say, watch: false });
    } finally {
      await rm(cache, { recursive: true, force: true });
    }
    return {
      title: 'vSphere inventory: typed VMs as a stream, against govmomi (CPU seconds)',
      timings: new Map([...all.flatMap((measured) => timings(measured)), ...timings(simulated, ' of vcsim')]),
      reaches: [...all.flatMap(reaches), besides(simulated)],
    };
  },
};

interface Ground {
  readonly server: ServerAddress;
  /** Of compiled modules: what is installed is JavaScript, and needs no types stripped at every start. */
  readonly cache: string;
}

async function measure(
  ground: Ground,
  size: Size,
  { rounds, say, watch = true }: Pick<BenchOptions, 'rounds' | 'say'> & { readonly watch?: boolean },
): Promise<Measured> {
  const measured: Measured = { size, ours: [], govmomi: [], watched: [] };
  const peers = [
    async () => measured.ours.push(await ours('read', ground, size)),
    async () => measured.govmomi.push(await theirs(ground, size)),
  ];
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1}: inventory of ${size.vms} VMs`);
    for (const peer of round % 2 === 0 ? peers : peers.toReversed()) await peer();
  }
  if (watch) {
    say(`changes of ${size.vms} VMs`);
    measured.watched.push(await ours('watch', ground, size));
  }
  return measured;
}

async function ours(what: 'read' | 'watch', { server, cache }: Ground, { vms }: Size): Promise<InventoryRun> {
  const script = path.join(import.meta.dirname, 'inventory-run.ts');
  const env = { ...process.env, NODE_COMPILE_CACHE: cache, KUBEFERRY_BENCH_SERVER: JSON.stringify(server) };
  const { stdout } = await execute(process.execPath, [script, what], { env });
  const run: InventoryRun = JSON.parse(stdout);
  if (run.vms !== vms) throw new Error(`kubeferry read ${run.vms} of ${vms} VMs`);
  return run;
}

async function theirs({ server }: Ground, { vms }: Size): Promise<Collected> {
  const collected = await collect(server, VM_PATHS);
  if (collected.vms !== vms) throw new Error(`govmomi read ${collected.vms} of ${vms} VMs`);
  return collected;
}

function timings({ size: { vms }, ours, govmomi }: Measured, whose = ''): readonly (readonly [string, readonly number[]])[] {
  return [
    [`kubeferry, ${vms} VMs${whose}`, ours.map(({ cpuSeconds }) => cpuSeconds)],
    [`govmomi, ${vms} VMs${whose}`, govmomi.map(({ cpuSeconds }) => cpuSeconds)],
  ];
}

/** At this size starting Node counts as much as the VMs: told, without a goal. */
function besides({ ours, govmomi }: Measured): Reach {
  const times = median(ours.map(({ cpuSeconds }) => cpuSeconds)) / median(govmomi.map(({ cpuSeconds }) => cpuSeconds));
  return { what: `CPU of ${SIMULATED} VMs of vcsim, the start included, times govmomi's`, value: times.toFixed(2) };
}

function reaches({ size: { vms, mostRss }, ours, govmomi, watched }: Measured): readonly Reach[] {
  const cpu = median(ours.map(({ cpuSeconds }) => cpuSeconds));
  const times = cpu / median(govmomi.map(({ cpuSeconds }) => cpuSeconds));
  const rss = median(ours.map(({ peakRssBytes }) => peakRssBytes));
  const turn = median(ours.map(({ longestTurn }) => longestTurn.cpuMs));
  const change = median(watched.map(({ changeSeconds }) => changeSeconds)) / cpu;
  return [
    goal(`CPU of ${vms} VMs, times govmomi's`, times.toFixed(2), `at most ${MOST_CPU_TIMES}`, times <= MOST_CPU_TIMES),
    goal(`peak memory at ${vms} VMs`, formatBytes(rss), `at most ${formatBytes(mostRss)}`, rss <= mostRss),
    { what: `peak memory of govmomi at ${vms} VMs`, value: formatBytes(median(govmomi.map(({ peakRssBytes }) => peakRssBytes))) },
    goal(
      `one changed VM of ${vms}, part of a full read`,
      `${(change * 100).toFixed(3)} %`,
      `under ${MOST_CHANGE * 100} %`,
      change < MOST_CHANGE,
    ),
    goal(
      `longest turn of the event loop at ${vms} VMs, its own CPU time`,
      `${turn.toFixed(0)} ms`,
      `at most ${MOST_BLOCKED_MS} ms`,
      turn <= MOST_BLOCKED_MS,
    ),
    {
      what: 'the same by the clock, with what else the machine did',
      value: `${median(ours.map(({ longestTurn }) => longestTurn.wallMs)).toFixed(0)} ms`,
    },
  ];
}

function goal(what: string, value: string, goal: string, reached: boolean): Reach {
  return { what, value, goal, reached };
}
