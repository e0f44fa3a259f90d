/** Real disks and jobs for the tests of this room. Everything lies in one temporary folder that is removed at the end. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../src/contracts/clock.ts';
import type { CopyOptions } from '../../src/contracts/disk-copier.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { DiskSource, ImageFormat, ImageLayer, TransferJob, TransferResult } from '../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';

const execute = promisify(execFile);
export const MiB = 1024 * 1024;

export const clock: Clock = {
  now: () => Date.now(),
  sleep: async () => undefined,
};

/** Runs a program to its end and returns what it printed. */
export async function run(program: string, ...argv: readonly string[]): Promise<string> {
  return (await execute(program, argv)).stdout;
}

export interface Scratch extends AsyncDisposable {
  readonly folder: string;
  path(name: string): string;
}

export async function scratch(): Promise<Scratch> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'transfer-test-'));
  return {
    folder,
    path: (name) => path.join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A tmpfs of so many bytes at a folder inside `place`, unmounted at the end. Needs root, as the whole check does. */
export async function smallFileSystem(place: Scratch, bytes: number): Promise<Scratch> {
  const folder = place.path('small');
  await mkdir(folder);
  await run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'kubeferry-test', folder);
  return {
    folder,
    path: (name) => path.join(folder, name),
    [Symbol.asyncDispose]: async () => {
      await run('umount', folder);
    },
  };
}

/** Bytes that look random and are the same for one seed on every machine. */
export function noise(seed: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += MiB) {
    parts.push(
      createHash('shake256', { outputLength: Math.min(MiB, length - at) })
        .update(`${seed} ${at}`)
        .digest(),
    );
  }
  return Buffer.concat(parts);
}

export interface Spot {
  readonly offset: number;
  readonly length: number;
}

/** A sparse raw file with noise at the given spots. */
export async function rawDisk(file: string, size: number, spots: readonly Spot[]): Promise<void> {
  await using handle = await open(file, 'w');
  await handle.truncate(size);
  for (const { offset, length } of spots) await handle.write(noise(`${offset}`, length), 0, length, offset);
}

/** A layer that is one whole file. */
export async function layerOf(file: string, format: ImageFormat, more: Partial<ImageLayer> = {}): Promise<ImageLayer> {
  return { format, slices: [{ path: file, offset: 0, length: (await stat(file)).size }], ...more };
}

export function jobTo(target: string, source: DiskSource, more: Partial<TransferJob> = {}): TransferJob {
  return {
    id: 'web/scsi0:0',
    vm: 'web',
    disk: 'scsi0:0',
    source,
    target: { kind: 'raw-file', path: target },
    verify: true,
    ...more,
  };
}

export async function copy(job: TransferJob, options: Partial<CopyOptions> = {}): Promise<TransferResult> {
  const full = { signal: new AbortController().signal, onProgress: () => undefined, ...options };
  return await new LocalDiskCopier({ clock }).copy(job, full);
}

/** Both read as the same disk, whatever is allocated in them; the larger one ends in zeros. */
export async function assertSameDisk(raw: string, image: string, format: string): Promise<void> {
  assert.match(await run('qemu-img', 'compare', '-f', 'raw', '-F', format, raw, image), /Images are identical/);
}

export async function assertSameBytes(a: string, b: string): Promise<void> {
  assert.ok((await readFile(a)).equals(await readFile(b)), `${a} and ${b} differ`);
}

export async function fails(work: Promise<unknown>, code: string, text?: RegExp): Promise<MigrationError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MigrationError, `Expected ${code}, got ${error}`);
  assert.equal(error.code, code, error.message);
  if (text !== undefined) assert.match(error.message, text);
  return error;
}

/** Names in the temporary folder that this process's transfers could have left. */
export async function leftovers(): Promise<readonly string[]> {
  return (await readdir(os.tmpdir())).filter((name) => new RegExp(`^kubeferry-\\d+-${process.pid}-`).test(name));
}
