/** The disks of a migrated folder, as the state beside them says. Changes nothing and takes no lock. */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { KeptDisk, KeptDisks } from '../contracts/verification.ts';
import { MigrationError } from '../model/errors.ts';
import { isCode } from './durable-file.ts';
import { FolderStore } from './folder-store.ts';
import { plainName, readMarker } from './marker.ts';

export class FolderDisks implements KeptDisks {
  readonly name: string;

  constructor(folder: string) {
    this.name = path.resolve(folder);
  }

  async list(): Promise<readonly KeptDisk[]> {
    const marker = await readMarker(this.name);
    if (marker?.kind !== 'migration') {
      throw new MigrationError('source-not-found', `${this.name} holds no migration.`, {
        file: this.name,
        hint: 'Give a folder that `kubeferry migrate --to` wrote.',
      });
    }
    const store = new FolderStore(this.name);
    const disks: (KeptDisk & { readonly claim: string })[] = [];
    for (const { target, disks: entries } of marker.vms) {
      const transfers = (await store.load(plainName(target)))?.transfers ?? [];
      for (const { key, claim } of entries) {
        const id = `${target}/${key}`;
        const file = path.join(this.name, plainName(target), 'disks', `${plainName(claim)}.img`);
        const result = transfers.find(({ job }) => job === id);
        disks.push({ id, vm: target, disk: key, path: file, size: await sizeOf(file), claim, ...(result && { result }) });
      }
    }
    // A disk that VMs share was copied with one of them; the others only attach its claim.
    const copied = new Set(disks.filter(({ result }) => result !== undefined).map(({ claim }) => claim));
    return disks.filter(({ result, claim }) => result !== undefined || !copied.has(claim)).map(({ claim: _, ...disk }) => disk);
  }
}

/** Links are not followed. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const found = await lstat(file);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined;
    throw new MigrationError('source-unreadable', 'The disk cannot be looked at.', { file, cause: error });
  }
}
