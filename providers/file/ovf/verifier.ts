/** Checks the files behind a disk against the manifest, each file once however many disks share it. */
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { MigrationError } from '../../../src/model/errors.ts';
import type { DiskSource, FileSlice } from '../../../src/model/transfer.ts';
import { unreadable } from '../image/image-bytes.ts';
import { checkSlice, type Digest, type Manifest } from './manifest.ts';
import type { PackageFiles } from './package.ts';

export interface Verifier {
  /**
   * Reads every listed file of the disk once through.
   * @throws MigrationError `package-digest-mismatch`, `source-unreadable`, `source-changed`
   */
  verify(source: DiskSource, signal: AbortSignal): Promise<void>;
}

/** Without a manifest there is nothing to check. */
export function createVerifier(files: PackageFiles, manifest: Manifest | undefined): Verifier {
  const checks = new Map<string, Promise<void>>();
  const namesByOffset = new Map([...(files.members ?? [])].map(([name, slice]) => [slice.offset, name] as const));

  /** Name in the manifest: of an archive member by its place, of a file by its path below the folder. */
  function nameOf(slice: FileSlice): string | undefined {
    return files.folder === undefined ? namesByOffset.get(slice.offset) : relative(files.folder, slice.path);
  }

  async function check(name: string, slice: FileSlice, digest: Digest, signal: AbortSignal): Promise<void> {
    for (;;) {
      const running = checks.get(name) ?? checkSlice(slice, digest, { name, signal });
      checks.set(name, running);
      try {
        return await running;
      } catch (error) {
        if (checks.get(name) === running) checks.delete(name);
        // Another caller's abort says nothing about the file: look again.
        if (signal.aborted || error instanceof MigrationError) throw error;
      }
    }
  }

  return {
    verify: async (source, signal) => {
      if (manifest === undefined || source.kind !== 'image') return;
      for (const slice of await slicesOf(source)) {
        const name = nameOf(slice);
        const digest = name === undefined ? undefined : manifest.get(name);
        if (name !== undefined && digest !== undefined) await check(name, slice, digest, signal);
      }
    },
  };
}

/** All files of an image, those that it names itself included. */
async function slicesOf(source: Extract<DiskSource, { kind: 'image' }>): Promise<readonly FileSlice[]> {
  const extents = source.layers.flatMap((layer) => layer.extents ?? []);
  const whole = extents.map(async (path) => ({ path, offset: 0, length: await sizeOf(path) }));
  return [...source.layers.flatMap((layer) => layer.slices), ...(await Promise.all(whole))];
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
