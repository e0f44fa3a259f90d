/**
 * Disks that a server hands out in ranges: kubeferry's engine against qemu-img's https driver, nbdkit and curl, over ways of different length.
 * Whole processes. Nobody reads the copy again as a proof; kubeferry hashes what it reads, which the others do not. The server and a long way (test/peers/delay-proxy.ts) run on the same cores as what is
 * measured, so that about half a gigabyte a second is all there is.
 */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Extent } from '../../src/model/transfer.ts';
import { formatBytes, GiB } from '../../src/model/units.ts';
import { type DelayProxyOptions, startDelayProxy } from '../peers/delay-proxy.ts';
import { startNginx } from '../peers/nginx.ts';
import { writeServerDisk } from './disk-image.ts';
import { buildScript } from './engine-build.ts';
import { inWorkFolder } from './machine.ts';
import { type Case, type Command, interleave, median, runCommand, type Timings } from './measure.ts';
import { dataExtents, kubeferry, manyCurls, nbdcopy, oneCurl, qemuImg, type RemoteDisk, targetOf } from './range-peers.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';

/** qemu-img's driver stalls now and then. Longer than that is not waited for; it then counts as if it had ended there. */
const LIMIT_S = 40;
const LARGE = 4;
/** A capped stream needs no whole disk to show its pace: this part of it does. */
const STREAM_PART = 8;

type Way = Omit<DelayProxyOptions, 'port'> & { readonly name: string };

const DIRECT: Way = { name: 'no delay', roundTripMs: 0 };
const NEAR: Way = { name: '5 ms', roundTripMs: 5 };
const FAR: Way = { name: '20 ms', roundTripMs: 20 };
const CAPPED: Way = { name: '5 ms, 60 MB/s a connection', roundTripMs: 5, bytesPerSecond: 60e6 };

const OURS = 'kubeferry, allocated';
const OURS_ALL = 'kubeferry, all';
const PLAIN = 'the reader alone, allocated';
const CURLS = '8 curls, allocated';
const CURLS_ALL = '8 curls, all';
const QEMU = 'qemu-img, tuned';
const NBD = 'nbdkit curl + nbdcopy';
const CURL = 'one curl';

export const rangeHttps: Bench = {
  name: 'range-https',
  async run(options: BenchOptions): Promise<BenchResult> {
    const size = options.full ? LARGE * options.diskBytes : options.diskBytes;
    return await inWorkFolder(GiB + 2 * size, (folder) => measure(folder, size, options));
  },
};

async function measure(folder: string, size: number, { rounds, say }: BenchOptions): Promise<BenchResult> {
  const served = path.join(folder, 'served');
  await mkdir(served);
  say(`writing a disk of ${formatBytes(size)} …`);
  const raw = path.join(served, 'disk-flat.vmdk');
  const data = await writeServerDisk(raw, size);
  const map = path.join(folder, 'map.json');
  const extents = await dataExtents(raw);
  await writeFile(map, JSON.stringify(extents));
  const script = await buildScript('range-run', path.join(folder, 'installed'));
  await using nginx = await startNginx({ root: served });
  await using ways = new AsyncDisposableStack();
  const cases: Case[] = [];
  for (const way of [DIRECT, NEAR, FAR, CAPPED]) {
    const port = way === DIRECT ? nginx.port : ways.use(await startDelayProxy({ ...way, port: nginx.port })).port;
    const disk: RemoteDisk = {
      url: `https://127.0.0.1:${port}/disk-flat.vmdk`,
      size,
      certificateFile: nginx.certificateFile,
      output: path.join(folder, 'out'),
      map,
      script,
      cache: path.join(folder, 'cache'),
    };
    for (const command of await commands(way, disk, extents)) {
      cases.push({ prepare: () => emptyFolder(disk.output), commands: [command] });
    }
    if (way !== NEAR) continue;
    say('is the result right? …');
    for (const how of [{ map: true }, { map: false }, { map: true, plain: true }]) await checkedRun(disk, raw, how);
  }
  const timings = await interleave(cases, rounds, (round) => say(`round ${round + 1} of ${rounds} …`));
  const share = ((100 * data) / size).toFixed(0);
  return {
    title: `Remote disk of ${formatBytes(size)} over HTTPS, ${share} % data, in ${path.dirname(folder)}`,
    timings,
    reaches: reaches(timings),
  };
}

async function commands(way: Way, disk: RemoteDisk, extents: readonly Extent[]): Promise<readonly Command[]> {
  const named = (what: string): string => `${way.name}: ${what}`;
  const always = [
    kubeferry(disk, { map: true }, named(OURS)),
    kubeferry(disk, { map: true, plain: true }, named(PLAIN)),
    await manyCurls(disk, extents, named(CURLS)),
  ];
  if (way === DIRECT) return always;
  const all = [...always, kubeferry(disk, { map: false }, named(OURS_ALL)), qemuImg(disk, named(QEMU), LIMIT_S)];
  if (way === NEAR) {
    const whole = [{ offset: 0, length: disk.size }];
    return [...all, nbdcopy(disk, named(NBD), LIMIT_S), await manyCurls(disk, whole, named(CURLS_ALL))];
  }
  return way === CAPPED ? [...all, oneCurl(disk, disk.size / STREAM_PART, named(CURL))] : all;
}

async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
}

async function checkedRun(disk: RemoteDisk, raw: string, how: Parameters<typeof kubeferry>[1]): Promise<void> {
  await emptyFolder(disk.output);
  await runCommand(kubeferry(disk, how, ''));
  const target = targetOf(disk);
  if ((await stat(target)).size !== disk.size) throw new Error('the copy has another size');
  await runCommand({ program: 'qemu-img', args: ['compare', '-f', 'raw', '-F', 'raw', raw, target] });
}

function reaches(timings: Timings): readonly Reach[] {
  function seconds({ name }: Way, what: string): number {
    return median(timings.get(`${name}: ${what}`) ?? []);
  }
  /** How many times as fast `ours` is. */
  function faster(way: Way, [ours, other]: readonly [string, string], goal: number, times = 1): Reach {
    const value = (times * seconds(way, other)) / seconds(way, ours);
    const what = `${way.name}: ${ours} against ${other}`;
    return { what, value: `${value.toFixed(2)} ×`, goal: `at least ${goal} ×`, reached: value >= goal };
  }
  const stopped = [...timings].flatMap(([name, all]) => (name.includes(QEMU) ? all.filter((one) => one >= LIMIT_S) : []));
  return [
    faster(NEAR, [OURS, QEMU], 2.5),
    faster(FAR, [OURS, QEMU], 2.5),
    faster(CAPPED, [OURS, QEMU], 4),
    faster(CAPPED, [OURS, CURL], 10, STREAM_PART),
    ...[DIRECT, NEAR, FAR, CAPPED].flatMap((way) => [faster(way, [OURS, CURLS], 0.9), faster(way, [PLAIN, CURLS], 0.9)]),
    faster(NEAR, [OURS_ALL, CURLS_ALL], 0.9),
    ...[NEAR, FAR, CAPPED].map((way) => faster(way, [OURS_ALL, QEMU], 1.2)),
    faster(NEAR, [OURS_ALL, NBD], 1),
    { what: `runs of qemu-img that were stopped after ${LIMIT_S} s`, value: String(stopped.length) },
  ];
}
