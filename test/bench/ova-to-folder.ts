/**
 * The main job against the tools one would otherwise use: an OVA with a streamOptimized disk, `kubeferry migrate` as a whole
 * process against (a) unpacking with tar, `qemu-img convert` and, as its proof, `qemu-img compare`; (b) `qemu-img convert`
 * alone, with the VMDK already unpacked.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes, GiB, MiB } from '../../src/model/units.ts';
import { packOva } from '../demo/guest/ova.ts';
import { writeServerDisk } from './disk-image.ts';
import { peakUse } from './disk-use.ts';
import { inWorkFolder } from './machine.ts';
import { type Case, type Command, interleave, median, runCommand, type Timings } from './measure.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const LAUNCHER = path.resolve(import.meta.dirname, '../../src/cli/bin.js');
const PROVEN = 'kubeferry migrate';
const UNPROVEN = 'kubeferry migrate --no-verify';
const CONVERTED = '(a) tar, qemu-img convert';
const COMPARED = '(a) tar, qemu-img convert, qemu-img compare';
const BARE = '(b) qemu-img convert of the unpacked VMDK';

export const ovaToFolder: Bench = {
  name: 'ova-to-folder',
  async run(options: BenchOptions): Promise<BenchResult> {
    return await inWorkFolder(GiB + 2 * options.diskBytes, (folder) => measure(groundIn(folder), options));
  },
};

interface Ground {
  readonly raw: string;
  readonly vmdk: string;
  readonly ova: string;
  /** Emptied before each case. */
  readonly output: string;
  /** TMPDIR of kubeferry. */
  readonly temporary: string;
}

function groundIn(folder: string): Ground {
  return {
    raw: path.join(folder, 'disk.raw'),
    vmdk: path.join(folder, 'disk.vmdk'),
    ova: path.join(folder, 'guest.ova'),
    output: path.join(folder, 'out'),
    temporary: path.join(folder, 'tmp'),
  };
}

async function measure(ground: Ground, { diskBytes, rounds, say }: BenchOptions): Promise<BenchResult> {
  say(`writing a disk of ${formatBytes(diskBytes)} and packing it as an OVA …`);
  const data = await writeServerDisk(ground.raw, diskBytes);
  await packOva({ name: 'guest', raw: ground.raw, vmdk: ground.vmdk, ova: ground.ova });
  say('warming up: is the result right, and what lies beside it meanwhile? …');
  const peak = await checkedRun(ground);
  const timings = await interleave(cases(ground), rounds, (round) => say(`round ${round + 1} of ${rounds} …`));
  const share = ((100 * data) / diskBytes).toFixed(0);
  return {
    title: `OVA with a streamOptimized disk of ${formatBytes(diskBytes)}, ${share} % data, in ${path.dirname(path.dirname(ground.raw))}`,
    timings,
    reaches: reaches(timings, peak),
  };
}

function cases(ground: Ground): readonly Case[] {
  const { ova, vmdk, output } = ground;
  const prepare = () => emptyOutput(ground);
  const unpacked = path.join(output, 'guest-disk1.vmdk');
  const raw = path.join(output, 'disk.raw');
  return [
    { prepare, commands: [migrate(ground, PROVEN)] },
    {
      prepare,
      commands: [
        { program: 'tar', args: ['-xf', ova, '-C', output] },
        { program: 'qemu-img', args: ['convert', '-f', 'vmdk', '-O', 'raw', unpacked, raw], lap: CONVERTED },
        { program: 'qemu-img', args: ['compare', '-f', 'vmdk', '-F', 'raw', unpacked, raw], lap: COMPARED },
      ],
    },
    { prepare, commands: [migrate(ground, UNPROVEN, '--no-verify')] },
    { prepare, commands: [{ program: 'qemu-img', args: ['convert', '-f', 'vmdk', '-O', 'raw', vmdk, raw], lap: BARE }] },
  ];
}

function migrate({ ova, output, temporary }: Ground, lap: string, ...options: readonly string[]): Command {
  const args = [LAUNCHER, 'migrate', '--guest', 'none', ova, '--to', output, ...options];
  return { program: process.execPath, args, env: { TMPDIR: temporary }, lap };
}

async function emptyOutput({ output, temporary }: Ground): Promise<void> {
  for (const folder of [output, temporary]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  }
}

/** One migration that is not timed: returns the peak of what it keeps beside its output, and fails when the output is wrong. */
async function checkedRun(ground: Ground): Promise<number> {
  await emptyOutput(ground);
  const { others: peak } = await peakUse([ground.output, ground.temporary], runCommand(migrate(ground, PROVEN)));
  const files = await readdir(ground.output, { recursive: true });
  const disk = files.find((file) => file.endsWith('.img'));
  if (disk === undefined) throw new Error('kubeferry left no disk');
  const target = path.join(ground.output, disk);
  // Not -s: a strict comparison also wants the same holes. The size it would check is checked here.
  if ((await stat(target)).size !== (await stat(ground.raw)).size) throw new Error('the disk has another size');
  await runCommand({ program: 'qemu-img', args: ['compare', '-f', 'raw', '-F', 'raw', ground.raw, target] });
  return peak;
}

function reaches(timings: Timings, peak: number): readonly Reach[] {
  function ratio(one: string, other: string): number {
    return median(timings.get(one) ?? []) / median(timings.get(other) ?? []);
  }
  const proven = ratio(PROVEN, COMPARED);
  const unproven = ratio(UNPROVEN, BARE);
  return [
    { what: 'with the proof ÷ (a) with compare', value: proven.toFixed(2), goal: 'below 1', reached: proven < 1 },
    { what: 'with the proof ÷ (a) without compare', value: ratio(PROVEN, CONVERTED).toFixed(2) },
    { what: '--no-verify ÷ (b)', value: unproven.toFixed(2), goal: '1.10 at most', reached: unproven <= 1.1 },
    { what: "the proof's cost, with ÷ without", value: ratio(PROVEN, UNPROVEN).toFixed(2) },
    { what: 'temporary disk use beside the output', value: formatBytes(peak), goal: 'below 1 MiB', reached: peak < MiB },
  ];
}
