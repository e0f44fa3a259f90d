/** Memory of a process that brings eight remote disks at once, and whether it grows with their size. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes, GiB, MiB } from '../../src/model/units.ts';
import { type Ground, jobOf, makeGround, type ServedDisk } from './engine-ground.ts';
import { workFolder } from './machine.ts';
import { median } from './measure.ts';
import type { Bench, BenchOptions, BenchResult } from './result.ts';

const DISKS = 8;
const SPREAD = 16;
const LIMIT = 300 * MiB;

export const memory: Bench = {
  name: 'memory',
  async run({ diskBytes, rounds, say }: BenchOptions): Promise<BenchResult> {
    const size = diskBytes / 4;
    await using ground = await makeGround(await workFolder(GiB + 6 * size));
    say(`writing disks of ${formatBytes(size)} and ${formatBytes(SPREAD * size)} …`);
    const disks = [await ground.serve('small', size), await ground.serve('large', size, SPREAD)] as const;
    const timings = new Map<string, number[]>(disks.map((disk) => [nameOf(disk), []]));
    const peaks = new Map<string, number[]>(disks.map((disk) => [nameOf(disk), []]));
    for (let round = 0; round < rounds; round += 1) {
      say(`round ${round + 1} of ${rounds} …`);
      for (const disk of disks) {
        const { seconds, peakRss } = await copyAll(ground, disk, round);
        timings.get(nameOf(disk))?.push(seconds);
        peaks.get(nameOf(disk))?.push(peakRss);
      }
    }
    const most = Math.max(...[...peaks.values()].flat());
    const [small, large] = disks.map((disk) => median(peaks.get(nameOf(disk)) ?? []));
    return {
      title: `${DISKS} remote disks at once, proven, 5 ms away`,
      timings,
      reaches: [
        { what: 'peak memory, the worst', value: formatBytes(most), goal: '300 MiB at most', reached: most <= LIMIT },
        { what: `disks ${SPREAD} times as large ÷ small ones`, value: ((large ?? 0) / (small ?? 1)).toFixed(2) },
      ],
    };
  },
};

async function copyAll(ground: Ground, disk: ServedDisk, round: number): ReturnType<Ground['run']> {
  const targets = Array.from({ length: DISKS }, (_, index) => path.join(ground.output, `disk-${index}.raw`));
  const result = await ground.run({ allocated: disk.map, jobs: targets.map((target) => jobOf(disk, target, round)) });
  for (const target of targets) await rm(target);
  return result;
}

function nameOf({ size }: ServedDisk): string {
  return `${DISKS} disks of ${formatBytes(size)}`;
}
