/**
 * Warm passes: 1 % and 5 % of a disk changed, in runs of 64 to 512 KiB (as databases, logs and file systems leave them) at places all
 * over it, against copying its data again; and the same changes on a disk with the same data but eight times the size.
 */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Extent } from '../../src/model/transfer.ts';
import { formatBytes, GiB } from '../../src/model/units.ts';
import { rewrite, scattered, widened } from './changes.ts';
import { type Ground, jobOf, makeGround, type ServedDisk } from './engine-ground.ts';
import { workFolder } from './machine.ts';
import { median } from './measure.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const SPREAD = 8;
/** What reading back costs is measured elsewhere (warm.ts); the copies that these are compared with are not read back either. */
const OPEN = { staysOpen: true, verify: false } as const;
const COLD = 'full copy of the data';
const ALL = 'full copy of all bytes';
const ONE = 'delta of 1 %';
const FIVE = 'delta of 5 %';
const WIDE = `delta of the same bytes, disk ${SPREAD} times as large`;

interface Warm {
  readonly lap: string;
  readonly disk: ServedDisk;
  readonly changed: readonly Extent[];
  readonly list: string;
}

export const delta: Bench = {
  name: 'delta',
  async run({ diskBytes, rounds, full, say }: BenchOptions): Promise<BenchResult> {
    const size = full ? 4 * diskBytes : diskBytes;
    const folder = await workFolder(GiB + 5 * size);
    await using ground = await makeGround(folder);
    say(`writing disks of ${formatBytes(size)} and ${formatBytes(SPREAD * size)} …`);
    const disk = await ground.serve('disk', size);
    const wide = await ground.serve('wide', size, SPREAD);
    const five = scattered(size, 0.05);
    const warm: readonly Warm[] = [
      { lap: ONE, disk, changed: scattered(size, 0.01), list: path.join(folder, 'one.json') },
      { lap: FIVE, disk, changed: five, list: path.join(folder, 'five.json') },
      { lap: WIDE, disk: wide, changed: widened(five, SPREAD), list: path.join(folder, 'wide-changed.json') },
    ];
    for (const { list, changed } of warm) await writeFile(list, JSON.stringify(changed));
    say('bringing the first pass onto the targets …');
    for (const one of [disk, wide]) {
      await ground.run({ allocated: one.map, jobs: [jobOf(one, targetOf(ground, one), 0, { ...OPEN })] });
    }
    return await measure(ground, warm, { rounds, say });
  },
};

async function measure(
  ground: Ground,
  warm: readonly Warm[],
  { rounds, say }: Pick<BenchOptions, 'rounds' | 'say'>,
): Promise<BenchResult> {
  const timings = new Map<string, number[]>([ALL, COLD, ...warm.map(({ lap }) => lap)].map((lap) => [lap, []]));
  const rates = new Map<string, number[]>([...timings.keys()].map((lap) => [lap, []]));
  const [{ disk } = fail()] = warm;
  let snapshot = 0;
  let overhead = 0;
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds} …`);
    for (const one of warm) {
      snapshot += 1;
      await rewrite(one.disk.file, one.changed, snapshot);
      await ground.sent();
      const job = jobOf(one.disk, targetOf(ground, one.disk), snapshot, { ...OPEN, delta: { since: `${snapshot - 1}` } });
      const { seconds } = await ground.run({ allocated: one.disk.map, changed: one.list, jobs: [job] });
      const bytes = one.changed.reduce((sum, { length }) => sum + length, 0);
      overhead = Math.max(overhead, (await ground.sent()) / bytes);
      timings.get(one.lap)?.push(seconds);
      rates.get(one.lap)?.push(bytes / seconds);
    }
    for (const [lap, allocated] of [
      [COLD, disk.map],
      [ALL, await mapOfAll(ground, disk)],
    ] as const) {
      const target = path.join(ground.output, 'cold.raw');
      const { seconds, moved } = await ground.run({ allocated, jobs: [jobOf(disk, target, snapshot, { verify: false })] });
      await rm(target);
      timings.get(lap)?.push(seconds);
      rates.get(lap)?.push(moved / seconds);
    }
  }
  await checkTarget(ground, disk, snapshot);
  return {
    title: `Warm passes over a disk of ${formatBytes(disk.size)}, 5 ms away`,
    timings,
    reaches: reaches(timings, rates, overhead),
  };
}

function reaches(timings: ReadonlyMap<string, readonly number[]>, rates: typeof timings, overhead: number): readonly Reach[] {
  const ratio = (of: typeof timings, one: string, other: string): number =>
    median(of.get(one) ?? []) / median(of.get(other) ?? []);
  const share = ratio(timings, FIVE, COLD);
  const rate = ratio(rates, FIVE, COLD);
  const wide = ratio(timings, WIDE, FIVE);
  return [
    {
      what: 'bytes on the wire ÷ changed bytes, the worst',
      value: overhead.toFixed(3),
      goal: '1.05 at most',
      reached: overhead <= 1.05,
    },
    { what: '5 % delta ÷ full copy', value: share.toFixed(2), goal: '0.20 at most', reached: share <= 0.2 },
    { what: '5 % delta ÷ full copy of all bytes', value: ratio(timings, FIVE, ALL).toFixed(2) },
    { what: '1 % delta ÷ full copy', value: ratio(timings, ONE, COLD).toFixed(2) },
    { what: 'MB/s of a 5 % delta ÷ cold', value: rate.toFixed(2), goal: '0.8 at least', reached: rate >= 0.8 },
    { what: 'disk eight times as large ÷ 5 % delta', value: wide.toFixed(2), goal: '1.2 at most', reached: wide <= 1.2 },
  ];
}

/** A last delta of nothing closes the target: its proof and the comparison show that all deltas were right. */
async function checkTarget(ground: Ground, disk: ServedDisk, snapshot: number): Promise<void> {
  const nothing = path.join(ground.output, 'nothing.json');
  await writeFile(nothing, '[]');
  const target = targetOf(ground, disk);
  await ground.run({
    allocated: disk.map,
    changed: nothing,
    jobs: [jobOf(disk, target, snapshot + 1, { recheckSource: true, delta: { since: `${snapshot}` } })],
  });
  await rm(target);
}

async function mapOfAll(ground: Ground, { size }: ServedDisk): Promise<string> {
  const file = path.join(ground.output, 'all.json');
  await writeFile(file, JSON.stringify([{ offset: 0, length: size }]));
  return file;
}

function targetOf(ground: Ground, disk: ServedDisk): string {
  return path.join(ground.output, `${path.basename(disk.file)}.raw`);
}

function fail(): never {
  throw new Error('There is nothing to measure');
}
