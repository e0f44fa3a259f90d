/** What the proof costs: a remote disk brought with and without it. Without it the source is hashed all the same, for the journal. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes, GiB } from '../../src/model/units.ts';
import { jobOf, makeGround } from './engine-ground.ts';
import { workFolder } from './machine.ts';
import { median } from './measure.ts';
import type { Bench, BenchOptions, BenchResult } from './result.ts';

const ON = 'with the proof';
const OFF = 'without';

export const proofCost: Bench = {
  name: 'proof-cost',
  async run({ diskBytes, rounds, say }: BenchOptions): Promise<BenchResult> {
    await using ground = await makeGround(await workFolder(GiB + 2 * diskBytes));
    say(`writing a disk of ${formatBytes(diskBytes)} …`);
    const disk = await ground.serve('disk', diskBytes);
    const target = path.join(ground.output, 'disk.raw');
    const timings = new Map<string, number[]>([ON, OFF].map((lap) => [lap, []]));
    for (let round = 0; round < rounds; round += 1) {
      say(`round ${round + 1} of ${rounds} …`);
      for (const lap of round % 2 === 0 ? [ON, OFF] : [OFF, ON]) {
        const { seconds } = await ground.run({ allocated: disk.map, jobs: [jobOf(disk, target, round, { verify: lap === ON })] });
        timings.get(lap)?.push(seconds);
        await rm(target);
      }
    }
    const cost = median(timings.get(ON) ?? []) / median(timings.get(OFF) ?? []);
    return {
      title: `The proof of a remote disk of ${formatBytes(diskBytes)}, 5 ms away`,
      timings,
      reaches: [{ what: 'with ÷ without', value: cost.toFixed(2), goal: '1.15 at most', reached: cost <= 1.15 }],
    };
  },
};
