/** What the benches of the engine stand on: a disk behind nginx with TLS and 5 ms of round trip, and processes that copy it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Extent, TransferJob } from '../../src/model/transfer.ts';
import { MiB } from '../../src/model/units.ts';
import { startDelayProxy } from '../peers/delay-proxy.ts';
import { startNginx } from '../peers/nginx.ts';
import { writeServerDisk } from './disk-image.ts';
import { buildScript } from './engine-build.ts';
import type { EngineResult, EngineRun } from './engine-run.ts';
import { dataExtents } from './range-peers.ts';

const ROUND_TRIP_MS = 5;

/** A disk that is served. */
export interface ServedDisk {
  readonly file: string;
  readonly size: number;
  readonly url: string;
  readonly extents: readonly Extent[];
  /** JSON file with the extents. */
  readonly map: string;
}

export interface Ground extends AsyncDisposable {
  readonly output: string;
  /** Writes a disk about 40 % of which holds data; with `spread` the same data lies that many times as far apart. */
  serve(name: string, dataOver: number, spread?: number): Promise<ServedDisk>;
  run(what: Omit<EngineRun, 'certificateFile'>): Promise<EngineResult>;
  /** Bytes of bodies that the server has sent since the last call. */
  sent(): Promise<number>;
}

export async function makeGround(folder: string): Promise<Ground> {
  const served = path.join(folder, 'served');
  const output = path.join(folder, 'out');
  const log = path.join(folder, 'sent.log');
  const script = await buildScript('engine-run', path.join(folder, 'installed'));
  await mkdir(served);
  await mkdir(output);
  const nginx = await startNginx({ root: served, directives: `access_log ${log} combined;` });
  const proxy = await startDelayProxy({ port: nginx.port, roundTripMs: ROUND_TRIP_MS });
  return {
    output,
    serve: async (name, dataOver, spread = 1) => {
      const file = path.join(served, `${name}-flat.vmdk`);
      await writeServerDisk(file, dataOver);
      const size = dataOver * spread;
      if (spread > 1) await spreadOut(file, size, spread);
      const extents = await dataExtents(file);
      const map = path.join(folder, `${name}.json`);
      await writeFile(map, JSON.stringify(extents));
      return { file, size, url: `https://127.0.0.1:${proxy.port}/${name}-flat.vmdk`, extents, map };
    },
    run: (what) => runEngine({ ...what, certificateFile: nginx.certificateFile }, { folder, script }),
    sent: () => sumAndEmpty(log),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await nginx[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function jobOf(disk: ServedDisk, target: string, snapshot: number, more: Partial<TransferJob> = {}): TransferJob {
  const tracking = { vm: { id: 'vm-1', name: 'bench' }, disk: 'disk', snapshot: `snapshot-${snapshot}` };
  const source = { kind: 'range', url: disk.url, capacity: disk.size, tracking, because: 'It is a bench.' } as const;
  const id = path.basename(target);
  return { id, vm: 'bench', disk: 'disk', source, target: { kind: 'raw-file', path: target }, verify: true, ...more };
}

async function runEngine(
  run: EngineRun,
  { folder, script }: { readonly folder: string; readonly script: string },
): Promise<EngineResult> {
  const env = { ...process.env, KUBEFERRY_BENCH_ENGINE: JSON.stringify(run), NODE_COMPILE_CACHE: path.join(folder, 'cache') };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`engine-run failed (${code})`);
  return JSON.parse(said);
}

/** Moves every run of data to a place `spread` times as far from the beginning. */
async function spreadOut(file: string, size: number, spread: number): Promise<void> {
  const extents = await dataExtents(file);
  await using disk = await open(file, 'r+');
  await disk.truncate(size);
  const zeros = Buffer.alloc(MiB);
  for (const { offset, length } of extents.toReversed()) {
    for (let end = length; end > 0; ) {
      const from = Math.max(0, end - MiB);
      const { buffer } = await disk.read(Buffer.alloc(end - from), 0, end - from, offset + from);
      await disk.write(zeros, 0, end - from, offset + from);
      await disk.write(buffer, 0, end - from, offset * spread + from);
      end = from;
    }
  }
}

async function sumAndEmpty(log: string): Promise<number> {
  await using file = await open(log, 'r+');
  const text = await file.readFile('latin1');
  await file.truncate((await stat(log)).size === text.length ? 0 : text.length);
  return [...text.matchAll(/" 206 (\d+) /g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}
