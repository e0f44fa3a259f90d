/** An OVF package in a folder: the descriptor and its files beside it. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MigrationError } from '../../../src/model/errors.ts';
import type { FileSlice } from '../../../src/model/transfer.ts';
import { fileInside } from '../image/beside.ts';
import { unreadable } from '../image/image-bytes.ts';
import { type OvfPackage, openPackage, type PackageOptions } from './open-package.ts';
import type { PackageFile, PackageFiles } from './package.ts';

/** @throws MigrationError for whatever is wrong with the descriptor or the manifest */
export async function openOvf(path: string, options: PackageOptions): Promise<OvfPackage> {
  return openPackage(await folderPackage(path), options);
}

async function folderPackage(path: string): Promise<PackageFiles> {
  const name = basename(path);
  const stem = name.replace(/\.[^.]*$/, '');
  const folder = await resolved(dirname(path));
  const slice = await wholeFile(join(folder, name));
  if (slice === undefined) throw new MigrationError('source-not-found', `${path} does not exist`, { file: path });
  const manifest = await besideDescriptor(folder, `${stem}.mf`);
  return {
    kind: 'ovf',
    path,
    descriptor: { name, slice },
    ...(manifest === undefined ? {} : { manifest }),
    certificate: (await besideDescriptor(folder, `${stem}.cert`)) !== undefined,
    folder,
    find: (wanted) => fileInside(folder, folder, wanted),
  };
}

async function besideDescriptor(folder: string, name: string): Promise<PackageFile | undefined> {
  const slice = await wholeFile(join(folder, name));
  return slice && { name, slice };
}

async function resolved(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

async function wholeFile(path: string): Promise<FileSlice | undefined> {
  try {
    const facts = await stat(path);
    return facts.isFile() ? { path, offset: 0, length: facts.size } : undefined;
  } catch (cause) {
    const trouble = unreadable(path, cause);
    if (trouble.code === 'source-not-found') return undefined;
    throw trouble;
  }
}
