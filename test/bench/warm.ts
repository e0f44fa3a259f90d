/**
 * What a warm migration costs: the first pass against a cold copy of the same disk, both proven; the last pass, 1 % of the disk in runs of 64 to 512
 * KiB all over it, against the bare time to read the same bytes, on a disk of one size and of eight times that; and a pass that finds nothing.
 * The last pass is all that we add to a downtime beside the guest's own shutdown and boot: delta, proof, sealed and published.
 */
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Extent, TransferJob } from '../../src/model/transfer.ts';
import { formatBytes, GiB } from '../../src/model/units.ts';
import { rewrite, scattered, widened } from './changes.ts';
import { type Ground, jobOf, makeGround, type ServedDisk } from './engine-ground.ts';
import { workFolder } from './machine.ts';
import { median } from './measure.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

const SPREAD = 8;
const COLD = 'cold copy, proven';
const FIRST = 'first pass of a warm copy, proven';
const BARE = 'bare: our reader alone, 1 %';
const LAST = 'last pass of 1 %, proven and published';
const WIDE = `the same bytes, disk ${SPREAD} times as large`;
const IDLE = 'pass with nothing changed';
const IDLE_WIDE = `the same, disk ${SPREAD} times as large`;

/** A disk with a target that its first pass was brought onto. */
interface Copied {
  readonly disk: ServedDisk;
  readonly target: string;
  readonly changed: readonly Extent[];
  /** JSON file with the changes. */
  readonly list: string;
}

export const warm: Bench = {
  name: 'warm',
  async run({ diskBytes, rounds, full, say }: BenchOptions): Promise<BenchResult> {
    const size = full ? 4 * diskBytes : diskBytes;
    const folder = await workFolder(GiB + 5 * size);
    await using ground = await makeGround(folder);
    say(`writing disks of ${formatBytes(size)} and ${formatBytes(SPREAD * size)} …`);
    const changed = scattered(size, 0.01);
    const disk = await copied(ground, await ground.serve('disk', size), changed);
    const wide = await copied(ground, await ground.serve('wide', size, SPREAD), widened(changed, SPREAD));
    const nothing = path.join(folder, 'nothing.json');
    await writeFile(nothing, '[]');
    return await new Rounds({ ground, disk, wide, nothing }).run({ rounds, say });
  },
};

async function copied(ground: Ground, disk: ServedDisk, changed: readonly Extent[]): Promise<Copied> {
  const target = path.join(ground.output, `${path.basename(disk.file)}.raw`);
  const list = `${target}.json`;
  await writeFile(list, JSON.stringify(changed));
  await ground.run({ allocated: disk.map, jobs: [jobOf(disk, target, 0, { staysOpen: true })] });
  for (const file of sideFiles(target)) await copyFile(file, `${file}.kept`);
  return { disk, target, changed, list };
}

function sideFiles(target: string): readonly string[] {
  return [`${target}.journal`, `${target}.journal.cells`];
}

class Rounds {
  readonly #ground: Ground;
  readonly #disk: Copied;
  readonly #wide: Copied;
  readonly #nothing: string;
  readonly #timings = new Map<string, number[]>([COLD, FIRST, BARE, LAST, WIDE, IDLE, IDLE_WIDE].map((lap) => [lap, []]));
  readonly #cpu = new Map<string, number[]>([...this.#timings.keys()].map((lap) => [lap, []]));
  #snapshot = 0;
  #idleBytes = 0;

  constructor({ ground, disk, wide, nothing }: { ground: Ground; disk: Copied; wide: Copied; nothing: string }) {
    this.#ground = ground;
    this.#disk = disk;
    this.#wide = wide;
    this.#nothing = nothing;
  }

  async run({ rounds, say }: Pick<BenchOptions, 'rounds' | 'say'>): Promise<BenchResult> {
    for (let round = 0; round < rounds; round += 1) {
      say(`round ${round + 1} of ${rounds} …`);
      const laps = [
        () => this.#whole(COLD),
        () => this.#whole(FIRST),
        () => this.#last(LAST, this.#disk),
        () => this.#bare(),
        () => this.#last(WIDE, this.#wide),
        () => this.#idle(IDLE, this.#disk),
        () => this.#idle(IDLE_WIDE, this.#wide),
      ];
      for (const lap of round % 2 === 0 ? laps : laps.toReversed()) await lap();
    }
    const { size } = this.#disk.disk;
    return { title: `A warm copy of ${formatBytes(size)}, 5 ms away`, timings: this.#timings, reaches: this.#reaches() };
  }

  async #whole(lap: string): Promise<void> {
    const { disk } = this.#disk;
    const target = path.join(this.#ground.output, 'whole.raw');
    await this.#time(lap, { disk, job: jobOf(disk, target, this.#snapshot, lap === FIRST ? { staysOpen: true } : {}) });
    for (const file of [target, `${target}.partial`, ...sideFiles(target)]) await rm(file, { force: true });
  }

  async #last(lap: string, copied: Copied): Promise<void> {
    this.#snapshot += 1;
    await rewrite(copied.disk.file, copied.changed, this.#snapshot);
    await this.#pass(lap, copied, { changed: copied.list });
    await rename(copied.target, `${copied.target}.partial`);
    await restore(copied);
  }

  async #idle(lap: string, copied: Copied): Promise<void> {
    this.#snapshot += 1;
    await this.#ground.sent();
    await this.#pass(lap, copied, { changed: this.#nothing, more: { staysOpen: true } });
    this.#idleBytes = Math.max(this.#idleBytes, await this.#ground.sent());
    await restore(copied);
  }

  async #pass(lap: string, { disk, target }: Copied, pass: { changed: string; more?: Partial<TransferJob> }): Promise<void> {
    const job = jobOf(disk, target, this.#snapshot, { ...pass.more, delta: { since: 'the first pass' } });
    await this.#time(lap, { disk, job, changed: pass.changed });
  }

  async #bare(): Promise<void> {
    const { disk, target, list } = this.#disk;
    await this.#time(BARE, { disk, job: jobOf(disk, target, this.#snapshot), changed: list, bare: true });
  }

  async #time(
    lap: string,
    { disk, job, ...how }: { disk: ServedDisk; job: TransferJob; changed?: string; bare?: boolean },
  ): Promise<void> {
    const { seconds, cpuSeconds } = await this.#ground.run({ allocated: disk.map, jobs: [job], ...how });
    this.#timings.get(lap)?.push(seconds);
    this.#cpu.get(lap)?.push(cpuSeconds);
  }

  #reaches(): readonly Reach[] {
    const seconds = (lap: string): number => median(this.#timings.get(lap) ?? []);
    const cpu = (lap: string): string => median(this.#cpu.get(lap) ?? []).toFixed(2);
    const rate = seconds(COLD) / seconds(FIRST);
    const last = seconds(LAST) / seconds(BARE);
    const wide = seconds(WIDE) / seconds(LAST);
    const idle = Math.max(seconds(IDLE), seconds(IDLE_WIDE));
    return [
      { what: 'MB/s of the first pass ÷ cold', value: rate.toFixed(2), goal: '0.8 at least', reached: rate >= 0.8 },
      { what: 'last pass ÷ bare reading of its bytes', value: last.toFixed(2), goal: '1.3 at most', reached: last <= 1.3 },
      { what: `disk ${SPREAD} times as large ÷ last pass`, value: wide.toFixed(2), goal: '1.1 at most', reached: wide <= 1.1 },
      { what: 'pass with nothing changed, the slower, s', value: idle.toFixed(2), goal: '1 at most', reached: idle <= 1 },
      { what: 'bytes that it moves, beside one sector', value: String(Math.max(0, this.#idleBytes - 512)), goal: '0' },
      { what: `CPU-seconds: ${LAST}`, value: cpu(LAST) },
      { what: `CPU-seconds: ${WIDE}`, value: cpu(WIDE) },
      { what: `CPU-seconds: ${BARE}`, value: cpu(BARE) },
    ];
  }
}

/** As the first pass left it; what the last one wrote comes again. */
async function restore({ target }: Copied): Promise<void> {
  for (const file of sideFiles(target)) await copyFile(`${file}.kept`, file);
}
