/** Passphrases of encrypted volumes, in a file of the user. */
import { readFile } from 'node:fs/promises';
import type { VolumeKey } from '../contracts/guest-converter.ts';
import { MigrationError } from '../model/errors.ts';

/** What a volume is called: a device of the converter's order of disks, or the UUID of an encrypted volume. */
const VOLUME = /^(\/dev\/[\w/-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})=/i;

/** A line a key: `passphrase`, tried on every volume, or `/dev/sda2=passphrase`, or `UUID=passphrase`. Empty lines say nothing. */
export function parseKeys(text: string): readonly VolumeKey[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (line === '') return [];
    const volume = VOLUME.exec(line)?.[1];
    return [volume === undefined ? { passphrase: line } : { volume, passphrase: line.slice(volume.length + 1) }];
  });
}

/** @throws MigrationError `config-invalid` for a file that cannot be read, or holds no key; it never tells what is in it */
export async function readKeys(file: string): Promise<readonly VolumeKey[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new MigrationError('config-invalid', `The file with passphrases ${file} cannot be read.`, { file, cause });
  }
  const keys = parseKeys(text);
  if (keys.length > 0) return keys;
  throw new MigrationError('config-invalid', `The file ${file} holds no passphrase.`, {
    file,
    hint: 'A line a passphrase, alone or behind `/dev/sda2=`.',
  });
}
