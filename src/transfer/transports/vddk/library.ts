/** Looks for the library before anything is started, because nbdkit tells of the last place only that it tried. */
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../../../model/errors.ts';

/** What the user supplies. */
export interface VddkSetup {
  /** Where VDDK, or a library with the same functions, was unpacked: it holds `lib64/libvixDiskLib.so.N`. */
  readonly libraryFolder?: string;
  /** VDDK's transport modes in the order they are tried, such as `nbdssl:nbd`; the library's own choice when absent. */
  readonly transports?: string;
}

export interface VddkLibrary {
  /** Absolute, without links. */
  readonly folder: string;
  /** Major versions that are there. */
  readonly versions: readonly number[];
}

/** @throws MigrationError `tool-missing` when there is no such library */
export async function findLibrary(libraryFolder: string | undefined): Promise<VddkLibrary> {
  if (libraryFolder === undefined) {
    throw new MigrationError('tool-missing', 'Nobody said where the VDDK library is.', {
      hint: 'Give its folder with --vddk-libdir. VDDK may not be passed on, so it has to be downloaded from its maker.',
    });
  }
  const folder = await realpath(libraryFolder).catch(() => path.resolve(libraryFolder));
  const names = [...(await namesIn(path.join(folder, 'lib64'))), ...(await namesIn(folder))];
  const versions = names.flatMap((name) => /^libvixDiskLib\.so\.(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  if (versions.length > 0) return { folder, versions: versions.toSorted((a, b) => b - a) };
  throw new MigrationError('tool-missing', `There is no libvixDiskLib.so.N in ${folder} or its lib64.`, {
    hint: 'Give the folder that VDDK was unpacked to: the one that holds lib64 and doc.',
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}
