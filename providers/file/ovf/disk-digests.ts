/** What the manifest promises about the files behind a disk. Nothing is read here: the promises are kept while the disk is copied. */
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { FileDigest, FileSlice, ImageLayer } from '../../../src/model/transfer.ts';
import { unreadable } from '../image/image-bytes.ts';
import type { Manifest } from './manifest.ts';
import type { PackageFiles } from './package.ts';

/**
 * Finds the digests of all files that the layers are made of, those that an image names itself included. Undefined when the manifest
 * lists none of them.
 */
export type DigestsOf = (layers: readonly ImageLayer[]) => Promise<readonly FileDigest[] | undefined>;

/** @throws MigrationError (the function it gives) `source-not-found`, `source-unreadable` for an extent that cannot be looked at */
export function digestFinder(files: PackageFiles, manifest: Manifest | undefined): DigestsOf {
  if (manifest === undefined) return () => Promise.resolve(undefined);
  const namesByOffset = new Map([...(files.members ?? [])].map(([name, slice]) => [slice.offset, name] as const));

  /** Name in the manifest: of an archive member by its place, of a file by its path below the folder. */
  function nameOf(slice: FileSlice): string {
    return (files.folder === undefined ? namesByOffset.get(slice.offset) : relative(files.folder, slice.path)) ?? '';
  }

  return async (layers) => {
    const digests = new Map<string, FileDigest>();
    for (const slice of await slicesOf(layers)) {
      const name = nameOf(slice);
      const digest = manifest.get(name);
      if (digest !== undefined) digests.set(name, { name, slice, ...digest });
    }
    return digests.size === 0 ? undefined : [...digests.values()];
  };
}

async function slicesOf(layers: readonly ImageLayer[]): Promise<readonly FileSlice[]> {
  const extents = layers.flatMap((layer) => layer.extents ?? []);
  const whole = extents.map(async (path) => ({ path, offset: 0, length: await sizeOf(path) }));
  return [...layers.flatMap((layer) => layer.slices), ...(await Promise.all(whole))];
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
