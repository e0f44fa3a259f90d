/** A path that the user gives, as the file it leads to. */
import { realpath, stat } from 'node:fs/promises';
import { MigrationError } from '../../../src/model/errors.ts';
import type { FileSlice } from '../../../src/model/transfer.ts';
import { unreadable } from './image-bytes.ts';

/**
 * The whole file, links resolved. A pipe or a device would block or never end.
 * @throws MigrationError `source-not-found`, `source-unreadable`, `source-unrecognised` when it is no regular file
 */
export async function regularFile(path: string): Promise<FileSlice> {
  try {
    const resolved = await realpath(path);
    const facts = await stat(resolved);
    if (facts.isFile()) return { path: resolved, offset: 0, length: facts.size };
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw new MigrationError('source-unrecognised', `${path} is not a regular file`, { file: path });
}
