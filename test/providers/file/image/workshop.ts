/** Real images made by qemu-img in a folder of their own, and what the image readers say about them. */
import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { probeImage } from '../../../../providers/file/image/probe.ts';
import type { ImageLocation, ProbedImage } from '../../../../providers/file/seam.ts';

const run = promisify(execFile);

export interface Workshop extends AsyncDisposable {
  readonly folder: string;
  path(name: string): string;
  qemu(...args: readonly string[]): Promise<string>;
  /** What `qemu-img info` says. */
  info(name: string): Promise<Record<string, unknown>>;
  /** Bytes in runs that hold data, by `qemu-img map`. */
  mapped(name: string): Promise<number>;
  write(name: string, content: string | Buffer): Promise<void>;
  read(name: string): Promise<Buffer>;
  /** Overwrites bytes in the middle of a file. */
  patch(name: string, offset: number, bytes: Buffer): Promise<void>;
  locate(name: string): Promise<ImageLocation>;
  probe(name: string): Promise<ProbedImage>;
}

export const signal = new AbortController().signal;

export async function workshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-image-'));
  const path = (name: string) => join(folder, name);
  const qemu = async (...args: readonly string[]) => (await run('qemu-img', args, { cwd: folder })).stdout;
  const locate = async (name: string): Promise<ImageLocation> => {
    const { size } = await stat(path(name));
    return { name, slices: [{ path: path(name), offset: 0, length: size }], folder };
  };
  return {
    folder,
    path,
    qemu,
    // qemu-img takes a fixed VHD for a raw image when it is not told.
    info: async (name) => JSON.parse(await qemu('info', ...(name.endsWith('.vhd') ? ['-f', 'vpc'] : []), '--output=json', name)),
    mapped: async (name) => {
      const runs: readonly { length: number; data: boolean }[] = JSON.parse(await qemu('map', '--output=json', name));
      return runs.reduce((sum, { length, data }) => sum + (data ? length : 0), 0);
    },
    write: (name, content) => writeFile(path(name), content),
    read: (name) => readFile(path(name)),
    patch: async (name, offset, bytes) => {
      await using file = await open(path(name), 'r+');
      await file.write(bytes, 0, bytes.length, offset);
    },
    locate,
    probe: async (name) => await probeImage(await locate(name), signal),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A disk of 6 MiB with three runs of data, none of them whole clusters. */
export function sampleDisk(): Buffer {
  const disk = Buffer.alloc(6 * 1024 * 1024);
  let state = 1;
  for (const [from, to] of [
    [0, 70_000],
    [2_100_000, 2_900_000],
    [6_291_000, 6_291_456],
  ] as const) {
    for (let at = from; at < to; at += 1) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      disk[at] = state >> 16;
    }
  }
  // A partition table with one entry, so that it is a disk without a name for it.
  disk[450] = 0x83;
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

/** For assert.rejects: a MigrationError with this code. */
export function withCode(code: string): { readonly name: 'MigrationError'; readonly code: string } {
  return { name: 'MigrationError', code };
}
