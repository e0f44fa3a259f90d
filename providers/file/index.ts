/**
 * Virtual machines in files: OVA and OVF packages, VMX, disk images, and folders that hold any of them.
 *
 *   index ─► connection ─► ova/ ──► ovf/  ─┐
 *                     │        ┌──────────┴─► image/ (headers of disk images)
 *                     ├──► vmx/┘
 *                     └──► folder.ts
 *
 * Facts only: what a fact means for a migration is judged elsewhere. Bytes of disks are not moved here, and nothing is unpacked.
 * No name in a file leads outside the source's own folder or archive.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectOptions, Provider } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { FileConnection } from './connection.ts';
import { sourceKind } from './source-kind.ts';

const URL_LIKE = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;

export const fileProvider: Provider = {
  kind: 'file',
  claims: (source) => !URL_LIKE.test(source) || isFileUrl(source),
  connect: async (source: string, options: ConnectOptions) => {
    const path = toPath(source);
    return new FileConnection(path, await sourceKind(resolve(path), options.signal), options);
  },
};

function isFileUrl(source: string): boolean {
  return /^file:\/\//i.test(source);
}

function toPath(source: string): string {
  if (!isFileUrl(source)) return source;
  try {
    return fileURLToPath(source);
  } catch (cause) {
    throw new MigrationError('source-not-found', `${source} names no local file`, { cause });
  }
}
