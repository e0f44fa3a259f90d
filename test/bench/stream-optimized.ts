/**
 * streamOptimized VMDK to raw disk: kubeferry's decoder against qemu-img, whole processes on a memory file system, without a proof on either
 * side. Ours hashes on the way all the same and keeps a journal.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes, GiB } from '../../src/model/units.ts';
import { writeServerDisk } from './disk-image.ts';
import { workFolder } from './machine.ts';
import { type Case, type Command, interleave, median, runCommand, type Timings } from './measure.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const SCRIPT = path.join(import.meta.dirname, 'stream-run.ts');
const OURS = 'kubeferry';
const QEMU = 'qemu-img convert';
const LARGE = 4;

export const streamOptimized: Bench = {
  name: 'stream-optimized',
  async run(options: BenchOptions): Promise<BenchResult> {
    const size = options.full ? LARGE * options.diskBytes : options.diskBytes;
    const folder = await workFolder(GiB + 2 * size);
    try {
      return await measure(folder, size, options);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(folder: string, size: number, { rounds, say }: BenchOptions): Promise<BenchResult> {
  const [raw, vmdk, output, cache] = ['disk.raw', 'disk.vmdk', 'out', 'cache'].map((name) => path.join(folder, name));
  if (raw === undefined || vmdk === undefined || output === undefined || cache === undefined) throw new Error('No names');
  say(`writing a disk of ${formatBytes(size)} and compressing it …`);
  const data = await writeServerDisk(raw, size);
  const subformat = ['-o', 'subformat=streamOptimized'];
  await runCommand({ program: 'qemu-img', args: ['convert', '-f', 'raw', '-O', 'vmdk', ...subformat, raw, vmdk] });
  const target = path.join(output, 'disk.img');
  const prepare = async (): Promise<void> => {
    await rm(output, { recursive: true, force: true });
    await mkdir(output);
  };
  const ours: Command = {
    program: process.execPath,
    args: [SCRIPT, vmdk, String(size), target],
    // What is installed is JavaScript, and needs no types stripped at every start.
    env: { NODE_COMPILE_CACHE: cache },
    lap: OURS,
    cpuLap: cpu(OURS),
  };
  const qemu: Command = {
    program: 'qemu-img',
    args: ['convert', '-f', 'vmdk', '-O', 'raw', vmdk, target],
    lap: QEMU,
    cpuLap: cpu(QEMU),
  };
  say('warming up: is the result right? …');
  await prepare();
  await runCommand(ours);
  await runCommand({ program: 'qemu-img', args: ['compare', '-f', 'raw', '-F', 'raw', raw, target] });
  const cases: readonly Case[] = [ours, qemu].map((command) => ({ prepare, commands: [command] }));
  const timings = await interleave(cases, rounds, (round) => say(`round ${round + 1} of ${rounds} …`));
  const share = ((100 * data) / size).toFixed(0);
  return {
    title: `streamOptimized VMDK of ${formatBytes(size)}, ${share} % data, to raw in ${path.dirname(folder)}`,
    timings,
    reaches: reaches(timings, data),
  };
}

function cpu(lap: string): string {
  return `${lap}, CPU`;
}

function reaches(timings: Timings, data: number): readonly Reach[] {
  const seconds = (lap: string): number => median(timings.get(lap) ?? []);
  const faster = seconds(QEMU) / seconds(OURS);
  const [ours = 0, qemu = 0] = [OURS, QEMU].map((lap) => (seconds(cpu(lap)) * 1e9) / data);
  return [
    { what: 'against qemu-img', value: `${faster.toFixed(2)} ×`, goal: 'at least 2.5 ×', reached: faster >= 2.5 },
    {
      what: 'CPU seconds for a GB of data',
      value: ours.toFixed(2),
      goal: `below qemu-img's ${qemu.toFixed(2)}`,
      reached: ours < qemu,
    },
  ];
}
