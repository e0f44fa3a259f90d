/**
 * `.kubeferry/wishes/`: what people said about VMs from other processes. `<target name>.json` is when to cut over, `<target name>.test` that a test
 * lies on the target. One file a VM and matter, so that no writer undoes another.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { MigrationError } from '../model/errors.ts';
import { isCode, readIfThere, writeDurably } from './durable-file.ts';
import { STATE_FOLDER } from './marker.ts';

const Wish = z.object({
  /** ISO 8601: then, or as soon after as can be. */
  cutoverAt: z.iso.datetime(),
});

export function wishFolder(folder: string): string {
  return path.join(folder, STATE_FOLDER, 'wishes');
}

/** @param at milliseconds since the epoch @throws MigrationError `target-full`, `target-write-failed` */
export async function writeWish(folder: string, target: string, at: number): Promise<void> {
  const wish: z.infer<typeof Wish> = { cutoverAt: new Date(at).toISOString() };
  await writeDurably(path.join(wishFolder(folder), `${target}.json`), `${JSON.stringify(wish)}\n`);
}

/** Nobody wants its cutover any more. */
export async function removeWish(folder: string, target: string): Promise<void> {
  await rm(path.join(wishFolder(folder), `${target}.json`), { force: true });
}

/**
 * When VMs are wanted to be cut over, in milliseconds since the epoch, by target name.
 * @throws MigrationError `state-unreadable`
 */
export async function readWishes(folder: string): Promise<ReadonlyMap<string, number>> {
  const wishes = new Map<string, number>();
  for (const name of await namesIn(wishFolder(folder))) {
    const target = /^([^.].*)\.json$/.exec(name)?.[1];
    const file = path.join(wishFolder(folder), name);
    const text = target === undefined ? undefined : await readIfThere(file);
    if (target === undefined || text === undefined) continue;
    try {
      wishes.set(target, Date.parse(Wish.parse(JSON.parse(text)).cutoverAt));
    } catch (error) {
      throw new MigrationError('state-unreadable', `${file} is not what kubeferry writes.`, { file, cause: error });
    }
  }
  return wishes;
}

/** Says that the target must not change. @throws MigrationError `target-full`, `target-write-failed` */
export async function writeHold(folder: string, target: string): Promise<void> {
  await writeDurably(path.join(wishFolder(folder), `${target}.test`), '');
}

export async function removeHold(folder: string, target: string): Promise<void> {
  await rm(path.join(wishFolder(folder), `${target}.test`), { force: true });
}

/** Names of the targets that must not change. */
export async function readHolds(folder: string): Promise<ReadonlySet<string>> {
  const names = await namesIn(wishFolder(folder));
  return new Set(names.flatMap((name) => /^([^.].*)\.test$/.exec(name)?.[1] ?? []));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}
