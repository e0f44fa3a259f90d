/** Will it fit? Asked before the first byte is written. */
import { lstat, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../model/errors.ts';
import type { PlannedTransfer } from '../model/transfer.ts';
import { type Bytes, formatBytes } from '../model/units.ts';
import { checkCanceled, systemCode } from './cancellation.ts';
import { deviceSize, deviceTooSmall } from './writers/device-size.ts';

/** Estimates what a disk will occupy, at a cost: opens the image and asks for its allocation. */
export type Measure = (job: PlannedTransfer, signal: AbortSignal) => Promise<Bytes>;

/** Jobs that go to one file system. */
interface Room {
  /** A folder on it that exists. */
  readonly folder: string;
  readonly free: Bytes;
  readonly jobs: PlannedTransfer[];
}

/**
 * Compares need with free space for each target file system. The need is the sum of the disks' sizes where that fits, so that nothing is
 * opened for nothing; otherwise each disk is measured: targets are sparse and occupy about what is allocated. What a finished disk
 * or the half one of an earlier run occupies is taken off, whether it is kept or removed. A block device belongs to its disk
 * alone: it has to be as large as that, whatever is on it.
 * @returns bytes that all jobs will occupy at most
 * @throws MigrationError `space-insufficient`, `target-write-failed`, `canceled`; whatever `measure` throws
 */
export async function checkSpace(jobs: readonly PlannedTransfer[], measure: Measure, signal: AbortSignal): Promise<Bytes> {
  let total = 0;
  for (const job of jobs.filter(({ target }) => target.kind === 'block-device')) {
    checkCanceled(signal);
    total += await checkDevice(job);
  }
  for (const room of (await roomsOf(jobs.filter(({ target }) => target.kind === 'raw-file'))).values()) {
    checkCanceled(signal);
    let needed = await sum(room.jobs, (job) => need(job, job.source.capacity));
    if (needed > room.free) needed = await sum(room.jobs, async (job) => need(job, await measure(job, signal)));
    if (needed > room.free) throw insufficient(room, needed);
    total += needed;
  }
  return total;
}

/** Bytes of the disk. */
async function checkDevice({ source, target }: PlannedTransfer): Promise<Bytes> {
  const size = await deviceSize(target.path);
  if (size >= source.capacity) return source.capacity;
  throw deviceTooSmall(target.path, source.capacity, size);
}

function insufficient(room: Room, needed: Bytes): MigrationError {
  const disks = room.jobs.length === 1 ? 'The disk needs' : `${room.jobs.length} disks need`;
  const figures = `${formatBytes(needed)}, but ${formatBytes(room.free)} are free`;
  return new MigrationError('space-insufficient', `${disks} ${figures} in ${room.folder}.`, {
    file: room.folder,
    hint: `Free ${formatBytes(needed - room.free)} there, or choose another folder.`,
  });
}

async function roomsOf(jobs: readonly PlannedTransfer[]): Promise<ReadonlyMap<number, Room>> {
  const rooms = new Map<number, Room>();
  for (const job of jobs) {
    // A device is as large as it is: its size is compared when it is opened.
    if (job.target.kind === 'block-device') continue;
    const folder = await existing(path.dirname(path.resolve(job.target.path)));
    const { dev } = await stat(folder);
    const room = rooms.get(dev);
    if (room !== undefined) {
      room.jobs.push(job);
      continue;
    }
    const { bavail, bsize } = await statfs(folder);
    rooms.set(dev, { folder, free: bavail * bsize, jobs: [job] });
  }
  return rooms;
}

/** The folder itself or the nearest one above it that is there. */
async function existing(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    const parent = path.dirname(folder);
    if (systemCode(error) === 'ENOENT' && parent !== folder) return await existing(parent);
    throw new MigrationError('target-write-failed', `The target folder cannot be looked at (${systemCode(error)}).`, {
      file: folder,
      cause: error,
    });
  }
}

/** What the job still takes: its disk without what already lies there. */
async function need(job: PlannedTransfer, bytes: Bytes): Promise<Bytes> {
  const there = (await occupied(job.target.path)) + (await occupied(`${job.target.path}.partial`));
  return Math.max(0, bytes - there);
}

async function occupied(file: string): Promise<Bytes> {
  try {
    return (await lstat(file)).blocks * 512;
  } catch {
    return 0;
  }
}

async function sum(jobs: readonly PlannedTransfer[], bytes: (job: PlannedTransfer) => Promise<Bytes>): Promise<Bytes> {
  let total = 0;
  for (const job of jobs) total += await bytes(job);
  return total;
}
