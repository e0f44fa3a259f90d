/** Passphrases of encrypted volumes, in a folder where a Secret is mounted. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { VolumeKey } from '../contracts/guest-converter.ts';
import { readKeys } from './keys.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * All keys of all files: each is written as one of the user is (keys.ts). A passphrase alone, in a file that is called by the UUID of a volume, is for
 * that volume. None where there is no such folder.
 * @throws MigrationError `config-invalid`
 */
export async function readKeyFolder(folder: string): Promise<readonly VolumeKey[]> {
  // What Kubernetes keeps there beside the keys begins with a dot.
  const names = (await namesIn(folder)).filter((name) => !name.startsWith('.'));
  const keys = await Promise.all(
    names.map(async (name) => {
      const found = await readKeys(path.join(folder, name));
      return UUID.test(name) ? found.map((key) => ({ volume: name, ...key })) : found;
    }),
  );
  return keys.flat();
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
