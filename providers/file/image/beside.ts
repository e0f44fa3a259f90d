/**
 * Finds the files that an image names: extents, data files and parents, only inside the image's folder or archive.
 * An extent is opened by the name that is written, so anything but a relative path is refused. A parent is opened by the path
 * found here, so a name from another machine may be looked for by its last part.
 */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { MigrationError } from '../../../src/model/errors.ts';
import type { FileSlice } from '../../../src/model/transfer.ts';
import type { ImageLocation } from '../seam.ts';
import { unreadable } from './image-bytes.ts';

/** A file that another one names. `inArchive`: it can be reached by its slice only, not by its name. */
export interface Beside {
  readonly slice: FileSlice;
  readonly inArchive: boolean;
}

/**
 * An extent or external data file, by the name that the image writes.
 * @throws MigrationError `image-extent-unsafe`, `image-extent-missing`, `source-unreadable`
 */
export async function findExtent(location: ImageLocation, name: string): Promise<Beside> {
  if (isForeignPath(name) || hasProtocol(name)) throw unsafe(location, name);
  const found = await find(location, name);
  if (found === undefined) {
    throw new MigrationError('image-extent-missing', `${location.name} names ${show(name)}, which is not beside it`, {
      file: location.name,
      at: show(name),
    });
  }
  return found;
}

/**
 * The first of `names` that is there.
 * @throws MigrationError `image-parent-missing`, `image-extent-unsafe`, `source-unreadable`
 */
export async function findParent(location: ImageLocation, names: readonly string[]): Promise<ImageLocation> {
  for (const name of names) {
    const local = isForeignPath(name) ? lastPart(name) : name;
    if (local === '' || hasProtocol(local)) throw unsafe(location, name);
    const found = await find(location, local);
    if (found === undefined) continue;
    const shared = { name: local, slices: [found.slice] } as const;
    if (!found.inArchive) return { ...shared, ...(location.folder !== undefined && { folder: location.folder }) };
    return { ...shared, ...(location.siblings !== undefined && { siblings: location.siblings }) };
  }
  const wanted = names.length === 0 ? 'a parent that it does not name' : `its parent ${names.map(show).join(' or ')}`;
  throw new MigrationError('image-parent-missing', `${location.name} needs ${wanted}, which is not beside it`, {
    file: location.name,
  });
}

/**
 * A file inside `folder` by its path relative to `base` (a folder too), links resolved; undefined when it is not there.
 * @throws MigrationError `image-extent-unsafe` when the name has control characters, or the path or a link leaves `folder` or ends at
 *   something other than a file
 */
export async function fileInside(folder: string, base: string, name: string): Promise<FileSlice | undefined> {
  if (hasControl(name) || !isInside(folder, resolve(base, name))) throw unsafe({ name: base }, name);
  let path: string;
  try {
    path = await realpath(resolve(base, name));
  } catch (cause) {
    const trouble = unreadable(name, cause);
    if (trouble.code === 'source-not-found') return undefined;
    throw trouble;
  }
  const facts = await stat(path);
  if (!isInside(await realpath(folder), path) || !facts.isFile()) throw unsafe({ name: base }, name);
  return { path, offset: 0, length: facts.size };
}

async function find(location: ImageLocation, name: string): Promise<Beside | undefined> {
  if (hasControl(name) || name.split(/[/\\]/).includes('..')) throw unsafe(location, name);
  if (location.folder !== undefined) {
    const slice = await fileInside(location.folder, dirname(location.slices[0].path), name);
    return slice && { slice, inArchive: false };
  }
  const slice = location.siblings?.get(name.replace(/^\.\//, ''));
  return slice && { slice, inArchive: true };
}

function unsafe(location: { readonly name: string }, name: string): MigrationError {
  return new MigrationError('image-extent-unsafe', `${location.name} names ${show(name)}, which is not a file in its folder`, {
    file: location.name,
    at: show(name),
  });
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Absolute on Linux, on ESXi or on Windows, or with a drive letter. */
export function isForeignPath(name: string): boolean {
  return /^([/\\]|[A-Za-z]:)/.test(name);
}

/** No program names a file so; a terminal would obey it. */
function hasControl(name: string): boolean {
  return /\p{Cc}/u.test(name);
}

/** QEMU takes whatever stands before a colon in the first part of a path as a protocol: `json:`, `nbd:`, `https:`. */
function hasProtocol(name: string): boolean {
  return /^[^/\\]*:/.test(name);
}

/** Last part of a path of any machine, `[datastore] folder/file` included. */
export function lastPart(name: string): string {
  return basename(name.replaceAll('\\', '/').replace(/^\[[^\]]*\] ?/, ''));
}

/** Names come from outside: kept short and free of control characters. */
function show(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
