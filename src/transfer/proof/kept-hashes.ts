/**
 * The hashes of all blocks of a finished disk, in a file beside its journal, for whoever changes a part of the disk next: the root of the whole then
 * follows from what changed. They lie one behind the other, 32 bytes for each MiB of the disk (0.003 %), and any crash may tear the file and
 * anybody may remove it: the hashes count only when they add up to the root that was sealed. So they are not synced, and that they could not be
 * kept is never told: then the disk is read.
 */
import { copyFile, lstat, open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Bytes } from '../../model/units.ts';
import { onTarget, syncFolder, writeWhole } from '../writers/target-errors.ts';
import { BlockHashes } from './block-hashes.ts';
import { DIGEST } from './cell-hashes.ts';

/** As of the journal. */
const MODE = 0o600;
/** Hashes that are read together: 1 MiB. */
const MANY = 32_768;

/** Beside the journal. */
export function hashesPath(journal: string): string {
  return `${journal}.hashes`;
}

export async function keepHashes(file: string, hashes: BlockHashes): Promise<void> {
  try {
    await using handle = await open(file, 'w', MODE);
    let at = 0;
    for (const group of hashes.groups()) {
      await writeWhole(handle, at, group);
      at += group.length;
    }
  } catch {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

/**
 * Moves them, also to another file system. When it resolves nobody finds them at their old place any more, whatever happens, even where the new
 * one had no room for them.
 * @throws MigrationError `target-write-failed`
 */
export async function takeHashes(file: string, into: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined) return;
  await copyFile(file, into).catch(() => undefined);
  await onTarget(file, async () => {
    await rm(file);
    await syncFolder(path.dirname(file));
  });
}

/** Undefined where they are not those of a disk of this size with this root, or cannot be read. */
export async function readHashes(file: string, size: Bytes, root: string): Promise<BlockHashes | undefined> {
  const hashes = new BlockHashes(size);
  try {
    await using handle = await open(file, 'r');
    if ((await handle.stat()).size !== hashes.count * DIGEST) return undefined;
    for (let from = 0; from < hashes.count; from += MANY) {
      const bytes = Buffer.alloc(Math.min(MANY, hashes.count - from) * DIGEST);
      await handle.read(bytes, 0, bytes.length, from * DIGEST);
      setSome(hashes, from, bytes);
    }
  } catch {
    return undefined;
  }
  return hashes.root() === root ? hashes : undefined;
}

/** Those of zeros are there already, and take no memory. */
function setSome(hashes: BlockHashes, from: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += DIGEST) {
    const digest = bytes.subarray(at, at + DIGEST);
    const index = from + at / DIGEST;
    if (Buffer.compare(hashes.get(index), digest) !== 0) hashes.set(index, digest);
  }
}
