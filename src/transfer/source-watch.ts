/** Notices when a source's files change while they are read: then what was read is a disk that never was. */
import { stat } from 'node:fs/promises';
import { MigrationError } from '../model/errors.ts';
import type { DiskSource } from '../model/transfer.ts';

export interface SourceWatch {
  /** Absolute paths of its local files; none for a source on a server. */
  readonly files: readonly string[];
  /** What its files looked like at first; the same text means the same content. */
  readonly state: readonly string[];
  /** @throws MigrationError `source-changed` */
  check(): Promise<void>;
}

/** @throws MigrationError `source-read-failed` when a file is not there */
export async function watchSource(source: DiskSource): Promise<SourceWatch> {
  const files = filesOf(source);
  const before = await Promise.all(files.map(look));
  return {
    files,
    state: before,
    check: async () => {
      for (const [index, file] of files.entries()) {
        if ((await look(file)) === before[index]) continue;
        throw new MigrationError('source-changed', 'A file of the source changed while it was read.', { file });
      }
    },
  };
}

function filesOf(source: DiskSource): readonly string[] {
  if (source.kind !== 'image') return [];
  const named = source.layers.flatMap(({ slices, extents = [] }) => [...slices.map(({ path }) => path), ...extents]);
  return [...new Set(named)];
}

/** Device, inode, size and both times: a file written through, replaced or cut shows in one of them. */
async function look(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (cause) {
    throw new MigrationError('source-read-failed', 'A file of the source cannot be looked at.', { file, cause });
  }
}
