/**
 * The target file. It is written under `<final>.partial` beside its final name and gets that name only by `publish`, after
 * it was synced and proven. A half file is never taken up again.
 */
import { type FileHandle, lstat, open, rename, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../model/errors.ts';
import type { FileMark } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import { systemCode } from './cancellation.ts';
import { startProgram } from './program.ts';

/** Disks hold secrets: nobody else on the machine reads them. */
const MODE = 0o600;

export interface PartialFile {
  /** Where it is written until it is proven. */
  readonly path: string;
  /** Makes the file exactly `size` bytes, zeros from `end` on, and writes it through to the disk. */
  seal(end: Bytes, size: Bytes): Promise<void>;
  /** Gives the sealed file its final name, durably, and tells its mark. */
  publish(): Promise<FileMark>;
  /** Removes it; nothing happens once it is published. */
  discard(): Promise<void>;
}

/**
 * Makes an empty sparse file of `size` bytes, in place of any leftover of an earlier run.
 * @throws MigrationError `target-full`, `target-write-failed`
 */
export async function createPartial(finalPath: string, size: Bytes): Promise<PartialFile> {
  const partial = `${finalPath}.partial`;
  await onTarget(partial, async () => {
    await rm(partial, { force: true });
    await using file = await open(partial, 'wx', MODE);
    await file.truncate(size);
  });
  return {
    path: partial,
    seal: (end, exact) =>
      onTarget(partial, async () => {
        // What the program rounded up to is cut off first.
        await truncate(partial, end);
        await truncate(partial, exact);
        await sync(partial);
      }),
    publish: () =>
      onTarget(finalPath, async () => {
        await rename(partial, finalPath);
        await sync(path.dirname(finalPath));
        const mark = await readMark(finalPath);
        if (mark === undefined) throw new Error('It vanished after it was renamed');
        return mark;
      }),
    discard: () => rm(partial, { force: true }),
  };
}

/** The mark of a regular file, undefined when there is none at that path. Links are not followed. */
export async function readMark(file: string): Promise<FileMark | undefined> {
  try {
    const found = await lstat(file, { bigint: true });
    if (!found.isFile()) return undefined;
    return { size: Number(found.size), inode: String(found.ino), modified: String(found.mtimeNs) };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export function sameMark(a: FileMark, b: FileMark): boolean {
  return a.size === b.size && a.inode === b.inode && a.modified === b.modified;
}

/**
 * Asks the kernel to forget the cached content of a synced file, so that what is read next comes from the disk. Node has no
 * posix_fadvise; GNU dd has. Best effort: tmpfs and some network file systems keep their pages, and nothing depends on it
 * but how deep the proof reaches.
 */
export async function forgetCache(file: string, signal: AbortSignal): Promise<void> {
  const program = await startProgram('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'], signal).catch(
    () => undefined,
  );
  program?.stdout.resume();
  await program?.ended;
}

/** Runs work on the target and turns the system's errors into ours. @throws MigrationError `target-full`, `target-write-failed` */
export async function onTarget<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
    const what = full ? 'The target is full' : 'The target cannot be written';
    throw new MigrationError(full ? 'target-full' : 'target-write-failed', `${what} (${code}).`, { file, cause: error });
  }
}

/** Writes all of `bytes`: one call may write less than it was given. */
export async function writeWhole(file: FileHandle, offset: Bytes, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, offset + at);
    at += bytesWritten;
  }
}

async function sync(fileOrFolder: string): Promise<void> {
  await using handle = await open(fileOrFolder, 'r');
  await handle.sync();
}
