/** Small steps on a target file that every writer takes, with the system's errors told as ours. */
import { type FileHandle, open } from 'node:fs/promises';
import { MigrationError } from '../../model/errors.ts';
import type { Bytes } from '../../model/units.ts';
import { systemCode } from '../cancellation.ts';

/** Runs work on the target and turns the system's errors into ours. @throws MigrationError `target-full`, `target-write-failed` */
export async function onTarget<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || code.startsWith('ERR_')) throw error;
    const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
    const what = full ? 'The target is full' : 'The target cannot be written';
    throw new MigrationError(full ? 'target-full' : 'target-write-failed', `${what} (${code}).`, { file, cause: error });
  }
}

/** Writes all of `bytes`: one call may write less than it was given. */
export async function writeWhole(file: FileHandle, offset: Bytes, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, offset + at);
    if (bytesWritten === 0) throw new MigrationError('target-write-failed', `The target takes nothing at byte ${offset + at}.`);
    at += bytesWritten;
  }
}

/** Makes names that were made, changed or removed in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
