/** A migrated folder as another process sees it: takes no lock, and writes nothing but wishes. */
import path from 'node:path';
import type { FolderMigration, FolderVm } from '../contracts/folder-migration.ts';
import { FolderStore } from './folder-store.ts';
import { lockOwner } from './lock.ts';
import { type Marker, plainName, readMarker } from './marker.ts';
import { readWishes, removeWish, writeWish } from './wish-files.ts';

/** Undefined where the folder holds no migration. @throws MigrationError `state-unreadable` */
export async function openFolderMigration(folder: string): Promise<FolderMigration | undefined> {
  const place = path.resolve(folder);
  const marker = await readMarker(place);
  if (marker?.kind !== 'migration') return undefined;
  return {
    folder: place,
    worker: () => lockOwner(place),
    vms: () => vmsOf(place, marker),
    withdrawCutover: async (targets) => {
      for (const target of targets) await removeWish(place, plainName(target));
    },
    askCutover: async (targets, at) => {
      for (const target of targets) await writeWish(place, plainName(target), at);
    },
  };
}

async function vmsOf(folder: string, { vms }: Marker): Promise<readonly FolderVm[]> {
  const store = new FolderStore(folder);
  const wishes = await readWishes(folder);
  const found: FolderVm[] = [];
  for (const { target, vm, name = target, group } of vms) {
    const progress = await store.load(plainName(target));
    const cutoverAt = wishes.get(target);
    found.push({
      ...{ target, vm, name },
      ...(group !== undefined && { group }),
      ...(progress !== undefined && { progress }),
      ...(cutoverAt !== undefined && { cutoverAt }),
    });
  }
  return found;
}
