/**
 * A Debian guest of VMware, converted by kubeferry and by the bare `virt-v2v-in-place` that it drives, and the proof that it boots. The bare run
 * writes to the copied disk itself; ours works on an overlay and commits it, reads what was changed, and afterwards puts names of NICs, console and
 * services right, which takes another start of the appliance: that is told apart from the cost of driving. Every figure depends on whether
 * KVM can be used; the title says it.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chooseAccelerator } from '../../src/convert/boot/accelerator.ts';
import { applianceEnvironment } from '../../src/convert/guest/appliance.ts';
import type { BootProof } from '../../src/model/boot-proof.ts';
import type { Accelerator, ConversionResult } from '../../src/model/conversion.ts';
import { formatBytes, GiB, MiB } from '../../src/model/units.ts';
import { buildGuest, USUAL_GUEST } from '../peers/guests.ts';
import { bootOnVirtio, type CopiedGuest, conversionOf } from '../scenarios/guests/workbench.ts';
import { peakUse } from './disk-use.ts';
import type { GuestRun } from './guest-run.ts';
import { inWorkFolder } from './machine.ts';
import { median, runCommand } from './measure.ts';
import { peakOfDescendants } from './memory-use.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const BARE = 'virt-v2v-in-place';
const OURS = 'kubeferry';
const DRIVING = 'kubeferry, without its own work in the guest';
const AT_ONCE = 2;
const TOGETHER = `kubeferry, ${AT_ONCE} guests at once`;
const BOOT = 'boot proof';
/** A conversion takes minutes where the processor is emulated: what is no ratio to a peer is measured in fewer rounds. */
const FEW = 3;
/** Of an appliance with its qemu: what `--parallel-guests` says of each. */
const SHARE = 2 * GiB;

export const guest: Bench = {
  name: 'guest',
  run: (options) => inWorkFolder(6 * GiB, (folder) => measure(folder, options)),
};

interface Ground {
  readonly folder: string;
  /** Disks of the guest; only read. */
  readonly originals: readonly string[];
  readonly accelerator: Accelerator;
  readonly cacheFolder: string;
}

async function measure(folder: string, { rounds, full, say }: BenchOptions): Promise<BenchResult> {
  const { name: accelerator } = await chooseAccelerator(AbortSignal.timeout(60_000));
  const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'kubeferry', 'appliance');
  await mkdir(cache, { recursive: true });
  const ground = { folder, originals: await buildGuest(USUAL_GUEST), accelerator, cacheFolder: cache };
  const timings = new Map<string, number[]>();
  const note = (lap: string, seconds: number): void => void timings.set(lap, [...(timings.get(lap) ?? []), seconds]);
  const peaks: number[] = [];
  const boots: Boot[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of round % 2 === 0 ? [BARE, OURS] : [OURS, BARE]) {
      say(`round ${round + 1} of ${rounds}: ${turn} …`);
      if (turn === BARE) note(BARE, await bare(ground));
      else {
        const { wall, results, boot } = await ours(ground, { guests: 1, boots: full || round < FEW });
        note(OURS, wall);
        note(DRIVING, wall - (results[0] === undefined ? 0 : inGuest(results[0])));
        if (boot !== undefined) boots.push(boot);
        if (boot !== undefined) note(BOOT, boot.proof.seconds);
      }
    }
  }
  // More conversions: not for a single round, which only tries whether all this works.
  for (let round = 0; round < (full ? rounds : Math.min(FEW - 1, rounds - 1)); round += 1) {
    say(`${AT_ONCE} guests at once …`);
    const { wall, memory } = await ours(ground, { guests: AT_ONCE, boots: false });
    note(TOGETHER, wall);
    peaks.push(memory);
  }
  const machine = accelerator === 'kvm' ? 'KVM' : 'the processor emulated';
  return {
    title: `a Debian 12 guest of ${formatBytes((await stat(ground.originals[0] ?? '')).size)}, converted and booted with ${machine} (${rounds} rounds)`,
    timings,
    reaches: [...reaches((lap) => median(timings.get(lap) ?? []), peaks, boots), atBest(timings)],
  };
}

/** A new copy in a folder of its own. */
async function copied({ folder, originals }: Ground): Promise<CopiedGuest> {
  const own = await mkdtemp(path.join(folder, 'guest-'));
  const disks = originals.map((_, at) => ({ key: `scsi0:${at}`, path: path.join(own, `disk-${at}.img`) }));
  for (const [at, original] of originals.entries()) {
    await promisify(execFile)('cp', ['--sparse=always', original, disks[at]?.path ?? '']);
  }
  const workspace = path.join(own, 'workspace');
  await mkdir(workspace);
  return { recipe: USUAL_GUEST, disks, folder: own, workspace };
}

async function bare(ground: Ground): Promise<number> {
  const { folder, disks } = await copied(ground);
  try {
    const temporary = await mkdtemp(path.join(os.tmpdir(), 'kf-'));
    const env = applianceEnvironment({ accelerator: ground.accelerator, cacheFolder: ground.cacheFolder, temporary });
    const began = performance.now();
    await runCommand({ program: BARE, args: ['-i', 'disk', disks[0]?.path ?? ''], env });
    await rm(temporary, { recursive: true, force: true });
    return (performance.now() - began) / 1000;
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Outcome {
  readonly wall: number;
  readonly results: readonly ConversionResult[];
  readonly memory: number;
  readonly boot: Boot | undefined;
}

async function ours(
  ground: Ground,
  { guests: count, boots }: { readonly guests: number; readonly boots: boolean },
): Promise<Outcome> {
  const { accelerator, cacheFolder } = ground;
  const guests: CopiedGuest[] = [];
  for (let at = 0; at < count; at += 1) guests.push(await copied(ground));
  const run: GuestRun = {
    ...{ accelerator, cacheFolder },
    guests: guests.map((each) => ({ request: conversionOf(each), folder: each.workspace })),
  };
  const script = path.join(import.meta.dirname, 'guest-run.ts');
  const began = performance.now();
  const work = runCommand({ program: process.execPath, args: [script], env: { KUBEFERRY_BENCH_GUEST: JSON.stringify(run) } });
  const memory = await peakOfDescendants(work);
  const wall = (performance.now() - began) / 1000;
  const results = guests.map(async ({ workspace }) => JSON.parse(await readFile(path.join(workspace, 'result.json'), 'utf8')));
  const [first] = guests;
  const outcome = { wall, memory, results: await Promise.all(results), boot: boots && first ? await watched(first) : undefined };
  for (const { folder } of guests) await rm(folder, { recursive: true });
  return outcome;
}

/** Seconds of what virt-v2v is not asked for. */
function inGuest({ seconds }: ConversionResult): number {
  return seconds.find(({ phase }) => phase === 'network')?.seconds ?? 0;
}

interface Boot {
  readonly proof: BootProof;
  /** Bytes that it wrote: to the overlay, and to anything else. */
  readonly overlay: number;
  readonly beside: number;
  /** Something wrote to the disks. */
  readonly touched: boolean;
}

async function watched(converted: CopiedGuest): Promise<Boot> {
  const folder = path.join(converted.folder, 'proof');
  await mkdir(folder);
  const before = await marks(converted);
  const proving = bootOnVirtio({ ...converted, folder }, { probes: false });
  const { largest: overlay, others: beside } = await peakUse([folder], proving);
  return { proof: await proving, overlay, beside, touched: before !== (await marks(converted)) };
}

async function marks({ disks }: CopiedGuest): Promise<string> {
  const found = await Promise.all(disks.map(({ path: file }) => stat(file)));
  return found.map(({ mtimeMs, blocks }) => `${mtimeMs} ${blocks}`).join();
}

/** An emulated appliance with two processors takes twice as long in some runs, whoever started it: the fastest run of each was spared that. */
function atBest(timings: ReadonlyMap<string, readonly number[]>): Reach {
  const best = (lap: string): number => Math.min(...(timings.get(lap) ?? []));
  return { what: `driving it ÷ ${BARE} alone, the fastest run of each`, value: (best(DRIVING) / best(BARE)).toFixed(3) };
}

function reaches(of: (lap: string) => number, peaks: readonly number[], boots: readonly Boot[]): readonly Reach[] {
  const memory = Math.max(...peaks);
  const driving = of(DRIVING) / of(BARE);
  const beside = Math.max(...boots.map((boot) => boot.beside));
  const isUntouched = boots.every(({ touched }) => !touched);
  const prompts = boots.flatMap(({ proof }) => proof.evidence.find(({ kind }) => kind === 'login-prompt')?.seconds ?? []);
  return [
    { what: `driving it ÷ ${BARE} alone`, value: driving.toFixed(3), goal: '1.05 at most', reached: driving <= 1.05 },
    { what: `with our work in the guest ÷ ${BARE} alone`, value: (of(OURS) / of(BARE)).toFixed(3) },
    ...(peaks.length === 0
      ? []
      : [
          { what: `${AT_ONCE} at once ÷ one after the other`, value: (of(TOGETHER) / (AT_ONCE * of(OURS))).toFixed(2) },
          {
            what: `peak memory of ${AT_ONCE} at once`,
            value: formatBytes(memory),
            goal: `${formatBytes(AT_ONCE * SHARE)} at most`,
            reached: memory <= AT_ONCE * SHARE,
          },
        ]),
    { what: 'boot proof: seconds to the login prompt', value: median(prompts).toFixed(1) },
    { what: 'boot proof: its overlay', value: formatBytes(Math.max(...boots.map((boot) => boot.overlay))) },
    {
      what: 'boot proof: written beside the overlay',
      value: formatBytes(beside),
      goal: 'no copy: 16 MiB at most, the disks untouched',
      reached: beside <= 16 * MiB && isUntouched,
    },
  ];
}
