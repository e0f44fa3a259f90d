/**
 * Dynamic VHDX to raw disk: our reader against qemu-img, whole processes on a memory file system, without a proof on either side. The engine
 * hashes on the way all the same and keeps a journal; the reader alone does what qemu-img does.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes, GiB, MiB } from '../../src/model/units.ts';
import { openChain } from '../../src/transfer/transports/file/open-chain.ts';
import { writeServerDisk } from './disk-image.ts';
import { workFolder } from './machine.ts';
import { type Case, type Command, interleave, median, runCommand, type Timings } from './measure.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const ENGINE = 'kubeferry';
const READER = 'its reader alone';
const QEMU = 'qemu-img convert';
/** File identifier, log, metadata and the first table. */
const TABLES = 4 * MiB;

export const vhdx: Bench = {
  name: 'vhdx',
  async run(options: BenchOptions): Promise<BenchResult> {
    const folder = await workFolder(GiB + 3 * options.diskBytes);
    try {
      return await measure(folder, options);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(folder: string, { diskBytes: size, rounds, say }: BenchOptions): Promise<BenchResult> {
  const [raw, image, output] = [path.join(folder, 'disk.raw'), path.join(folder, 'disk.vhdx'), path.join(folder, 'out')];
  say(`writing a disk of ${formatBytes(size)} and a VHDX of it …`);
  await writeServerDisk(raw, size);
  const dynamic = ['-o', 'subformat=dynamic,block_size=1M'];
  await runCommand({ program: 'qemu-img', args: ['convert', '-f', 'raw', '-O', 'vhdx', ...dynamic, raw, image] });
  const target = path.join(output, 'disk.img');
  const prepare = async (): Promise<void> => {
    await rm(output, { recursive: true, force: true });
    await mkdir(output);
  };
  const script = (name: string, lap: string): Command => ({
    program: process.execPath,
    args: [path.join(import.meta.dirname, name), image, String(size), target],
    // What is installed is JavaScript, and needs no types stripped at every start.
    env: { NODE_COMPILE_CACHE: path.join(folder, 'cache') },
    lap,
    cpuLap: cpu(lap),
  });
  const ours = [script('stream-run.ts', ENGINE), script('vhdx-run.ts', READER)];
  const args = ['convert', '-f', 'vhdx', '-O', 'raw', image, target];
  const qemu: Command = { program: 'qemu-img', args, lap: QEMU, cpuLap: cpu(QEMU) };
  say('warming up: is the result right? …');
  for (const command of ours) {
    await prepare();
    await runCommand(command);
    await runCommand({ program: 'qemu-img', args: ['compare', '-f', 'raw', '-F', 'raw', raw, target] });
  }
  const cases: readonly Case[] = [...ours, qemu].map((command) => ({ prepare, commands: [command] }));
  const timings = await interleave(cases, rounds, (round) => say(`round ${round + 1} of ${rounds} …`));
  return {
    title: `Dynamic VHDX of ${formatBytes(size)} to raw in ${path.dirname(folder)}`,
    timings,
    reaches: [...reaches(timings), await blocksRead(image, size)],
  };
}

function cpu(lap: string): string {
  return `${lap}, CPU`;
}

function reaches(timings: Timings): readonly Reach[] {
  const ratio = (over: string, under: string): number => median(timings.get(over) ?? []) / median(timings.get(under) ?? []);
  const [faster, less] = [ratio(QEMU, READER), ratio(cpu(QEMU), cpu(READER))];
  return [
    { what: 'the reader against qemu-img', value: `${faster.toFixed(2)} ×`, goal: 'at least 1 ×', reached: faster >= 1 },
    { what: 'the reader against qemu-img, CPU', value: `${less.toFixed(2)} ×` },
    { what: 'the engine against qemu-img', value: `${ratio(QEMU, ENGINE).toFixed(2)} ×` },
    { what: 'the engine against qemu-img, CPU', value: `${ratio(cpu(QEMU), cpu(ENGINE)).toFixed(2)} ×` },
  ];
}

/** What is read of the disk, against what the file stores of it. */
async function blocksRead(image: string, capacity: number): Promise<Reach> {
  const { size } = await stat(image);
  const signal = new AbortController().signal;
  const layers = [{ format: 'vhdx', slices: [{ path: image, offset: 0, length: size }] }] as const;
  await using reader = await openChain({ kind: 'image', layers, capacity }, signal);
  let bytes = 0;
  for await (const { length } of reader?.allocated(signal) ?? []) bytes += length;
  const what = `read of ${formatBytes(capacity)}, where ${formatBytes(size)} are stored`;
  return { what, value: formatBytes(bytes), goal: 'no more', reached: bytes > 0 && bytes <= size - TABLES };
}
