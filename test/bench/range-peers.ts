/** The commands that read a remote disk: kubeferry's engine, and what one would use otherwise, each at the best setting that was found. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Extent } from '../../src/model/transfer.ts';
import { MiB } from '../../src/model/units.ts';
import type { Command } from './measure.ts';
import type { RangeRun } from './range-run.ts';

/** A disk on a server, and where its copy goes. */
export interface RemoteDisk {
  readonly url: string;
  readonly size: number;
  readonly certificateFile: string;
  /** Folder that is emptied before each case. */
  readonly output: string;
  /** JSON file with the allocated extents. */
  readonly map: string;
  /** range-run, built. */
  readonly script: string;
  /** Folder of compiled modules, which an installed kubeferry keeps too. */
  readonly cache: string;
}

/** As many as kubeferry's own runs settle at, and the best number for curl on two cores. */
const CURLS = 8;
const REQUEST = 4 * MiB;

/** The engine, which also hashes every block and keeps its journal; with `plain` its reader alone, which does what curl does. */
export function kubeferry(disk: RemoteDisk, how: { readonly map: boolean; readonly plain?: boolean }, lap: string): Command {
  const run: RangeRun = {
    url: disk.url,
    capacity: disk.size,
    target: targetOf(disk),
    certificateFile: disk.certificateFile,
    verify: false,
    plain: how.plain ?? false,
    ...(how.map && { map: disk.map }),
  };
  const env = { KUBEFERRY_BENCH_RANGE: JSON.stringify(run), NODE_COMPILE_CACHE: disk.cache };
  return { program: process.execPath, args: [disk.script], env, lap };
}

/** Read-ahead of 1 MiB and 16 coroutines out of order: the default takes more than ten times as long, more read-ahead twice. */
export function qemuImg(disk: RemoteDisk, lap: string, limit: number): Command {
  const options = 'file.sslverify=off,file.readahead=1M,file.timeout=30';
  const source = `driver=raw,file.driver=https,file.url=${disk.url},${options}`;
  const args = ['convert', '-W', '-m', '16', '--image-opts', '-O', 'raw', source, targetOf(disk)];
  return { program: 'qemu-img', args, lap, limit };
}

/** Sixteen connections with requests of 4 MiB: 8 × 1 MiB takes twice as long. */
export function nbdcopy(disk: RemoteDisk, lap: string, limit: number): Command {
  const copy = `nbdcopy --connections=16 --threads=16 --request-size=${REQUEST} "$uri" '${targetOf(disk)}'`;
  const args = ['-U', '-', 'curl', `url=${disk.url}`, `cainfo=${disk.certificateFile}`, '--run', copy];
  return { program: 'nbdkit', args, lap, limit };
}

/** One stream of the first `length` bytes. */
export function oneCurl(disk: RemoteDisk, length: number, lap: string): Command {
  const args = ['-sS', '--fail', '--cacert', disk.certificateFile, '-r', `0-${length - 1}`, '-o', targetOf(disk), disk.url];
  return { program: 'curl', args, lap };
}

/**
 * Curl processes side by side, each with its share of the extents in requests of 4 MiB and one connection for all of them. curl cannot write
 * at offsets, so every piece is a file of its own.
 */
export async function manyCurls(disk: RemoteDisk, extents: readonly Extent[], lap: string): Promise<Command> {
  const requests = extents.flatMap(({ offset, length }) =>
    Array.from({ length: Math.ceil(length / REQUEST) }, (_, index) => {
      const first = offset + index * REQUEST;
      return { first, last: Math.min(first + REQUEST, offset + length) - 1 };
    }),
  );
  const files: string[] = [];
  for (let curl = 0; curl < CURLS; curl += 1) {
    const own = requests.filter((_, index) => index % CURLS === curl);
    const parts = own.map(({ first, last }) =>
      [
        `url = "${disk.url}"`,
        `cacert = "${disk.certificateFile}"`,
        `range = "${first}-${last}"`,
        `output = "${path.join(disk.output, String(first))}"`,
        'silent',
        'show-error',
        'fail',
      ].join('\n'),
    );
    const file = path.join(path.dirname(disk.map), `curl-${new URL(disk.url).port}-${extents.length}-${curl}`);
    await writeFile(file, parts.join('\nnext\n'));
    files.push(file);
  }
  const list = path.join(path.dirname(disk.map), `curls-${new URL(disk.url).port}-${extents.length}`);
  await writeFile(list, files.join('\n'));
  return { program: 'xargs', args: ['-a', list, '-P', String(CURLS), '-n', '1', 'curl', '-K'], lap };
}

export function targetOf(disk: RemoteDisk): string {
  return path.join(disk.output, 'disk.raw');
}

/** Runs of data in a sparse file, as its file system knows them. */
export async function dataExtents(file: string): Promise<readonly Extent[]> {
  const { stdout } = await promisify(execFile)('qemu-img', ['map', '-f', 'raw', '--output=json', file], {
    maxBuffer: 64 * MiB,
  });
  const found: readonly { readonly start: number; readonly length: number; readonly data: boolean }[] = JSON.parse(stdout);
  return found.filter(({ data }) => data).map(({ start, length }) => ({ offset: start, length }));
}
