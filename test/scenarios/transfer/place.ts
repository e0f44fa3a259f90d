/** Where a story's disk goes: a file, or a block device with somebody else's bytes on it, that can fill up or fail. */
import { mkdir, open, readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import type { DiskTarget } from '../../../src/model/transfer.ts';
import { failingDisk } from '../../peers/failing-disk.ts';
import { loopDevice } from '../../peers/loop-device.ts';
import { MiB, noise, run, type Scratch, smallFileSystem } from '../../transfer/fixture.ts';
import type { Story } from './story.ts';

const SECTOR = 512;
const ROOMY = 256 * MiB;

export interface Place extends AsyncDisposable {
  readonly target: DiskTarget;
  /** Where the engine keeps its journal. */
  readonly journal: string;
  /** What is written until it is finished. */
  readonly unfinished: string;
  /** Leaves room for so many bytes more. */
  fill(room: number): Promise<void>;
  /** All that is written fails from now on. */
  fail(): Promise<void>;
  /** There is room, and nothing fails. */
  heal(): Promise<void>;
  /** All that is there under its final name; undefined where there is nothing. */
  content(): Promise<Buffer | undefined>;
  /** What is there beside a finished disk, by name. */
  rests(): Promise<readonly string[]>;
}

export async function openPlace(story: Story, scratch: Scratch): Promise<Place> {
  return story.target === 'file' ? await openFolder(story, scratch) : await openDevice(story, scratch);
}

async function openFolder({ orders }: Story, scratch: Scratch): Promise<Place> {
  await using opened = new AsyncDisposableStack();
  let folder = scratch.path('target');
  const bounded = orders.some(({ fault }) => fault === 'target full');
  if (bounded) folder = opened.use(await smallFileSystem(scratch, ROOMY)).folder;
  else await mkdir(folder);
  const path = `${folder}/disk.raw`;
  const limit = async (bytes: number): Promise<void> => {
    if (bounded) await run('mount', '-o', `remount,size=${bytes}`, folder);
  };
  const mounts = opened.move();
  return {
    target: { kind: 'raw-file', path },
    journal: `${path}.journal`,
    unfinished: `${path}.partial`,
    fill: async (room) => {
      const { blocks, bfree, bsize } = await statfs(folder);
      await limit((blocks - bfree) * bsize + room);
    },
    fail: () => Promise.reject(new Error('Only devices fail')),
    heal: () => limit(ROOMY),
    content: () => readFile(path).catch(() => undefined),
    rests: async () => (await readdir(folder)).filter((name) => name !== 'disk.raw'),
    [Symbol.asyncDispose]: () => mounts.disposeAsync(),
  };
}

async function openDevice({ orders, size, seed }: Story, scratch: Scratch): Promise<Place> {
  await using opened = new AsyncDisposableStack();
  // Somewhat larger than the disk, as volumes are.
  const sectors = Math.ceil(size / SECTOR) * SECTOR + (seed % 3) * 64 * 1024;
  const failing = orders.some(({ fault }) => fault === 'target fails') ? opened.use(await failingDisk(sectors)) : undefined;
  const backing = failing?.path ?? scratch.path('backing');
  if (failing === undefined) await writeFile(backing, '');
  {
    await using file = await open(backing, 'r+');
    await file.write(noise(`old ${seed}`, sectors));
  }
  const { path } = opened.use(await loopDevice(backing));
  const folder = scratch.path('state');
  await mkdir(folder);
  const devices = opened.move();
  return {
    target: { kind: 'block-device', path, journal: `${folder}/journal` },
    journal: `${folder}/journal`,
    unfinished: path,
    fill: () => Promise.reject(new Error('Only folders fill up')),
    fail: async () => await failing?.fail(),
    heal: async () => await failing?.heal(),
    content: async () => {
      // Not what the cache holds: what is on the device.
      await run('blockdev', '--flushbufs', path);
      return await readFile(path);
    },
    rests: () => readdir(folder),
    [Symbol.asyncDispose]: () => devices.disposeAsync(),
  };
}
