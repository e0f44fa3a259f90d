/** Tells whether a finished file is still the one that was published. */
import { lstat } from 'node:fs/promises';
import type { FileMark } from '../../model/transfer.ts';
import { systemCode } from '../cancellation.ts';

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
