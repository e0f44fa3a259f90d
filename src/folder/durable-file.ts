/**
 * A folder as destination: manifests, report and progress as files. Disks are written by src/transfer; this room only says where.
 * Nothing appears under its final name before it is complete and synced.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../model/errors.ts';

/**
 * Writes aside, syncs, renames, syncs the folder: after a crash there is the old content or the new one, never a part.
 * @throws MigrationError `target-full`, `target-write-failed`
 */
export async function writeDurably(file: string, content: string | Iterable<string>): Promise<void> {
  const folder = path.dirname(file);
  const aside = path.join(folder, `.${path.basename(file)}.partial`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(aside, 'w', 0o644);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
    await syncFolder(folder);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw writeFailure(file, error);
  }
}

/**
 * Makes a folder and those above it; one that is there is fine.
 * @throws MigrationError `target-full`, `target-write-failed`
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

/** The content, or undefined when there is no such file. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function writeFailure(file: string, error: unknown): MigrationError {
  const full = isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT');
  return new MigrationError(full ? 'target-full' : 'target-write-failed', `Cannot write ${file}: ${messageOf(error)}`, {
    file,
    cause: error,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
