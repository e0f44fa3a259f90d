/** An OVA: an OVF package in one tar archive. Its members are read where they are. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MigrationError } from '../../../src/model/errors.ts';
import type { FileSlice } from '../../../src/model/transfer.ts';
import { unreadable } from '../image/image-bytes.ts';
import { type OvfPackage, openPackage, type PackageOptions } from '../ovf/open-package.ts';
import type { PackageFile, PackageFiles } from '../ovf/package.ts';
import { indexTar } from './tar-index.ts';

/** @throws MigrationError for whatever is wrong with the archive, the descriptor or the manifest */
export async function openOva(path: string, options: PackageOptions): Promise<OvfPackage> {
  const archive = await wholeArchive(path);
  return openPackage(packageIn(path, await indexTar(archive, options.signal)), options);
}

async function wholeArchive(path: string): Promise<FileSlice> {
  try {
    return { path: resolve(path), offset: 0, length: (await stat(path)).size };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** @throws MigrationError `package-no-descriptor` unless there is exactly one */
function packageIn(path: string, archive: ReadonlyMap<string, FileSlice>): PackageFiles {
  const descriptors = [...archive.keys()].filter((name) => /\.ovf$/i.test(name));
  const [full] = descriptors;
  if (full === undefined || descriptors.length > 1) {
    const count = descriptors.length === 0 ? 'no .ovf descriptor' : `${descriptors.length} .ovf descriptors`;
    throw new MigrationError('package-no-descriptor', `The archive holds ${count}`, { file: path });
  }
  // References are relative to the descriptor, which some people pack inside a folder.
  const folder = full.slice(0, full.lastIndexOf('/') + 1);
  const members = new Map(
    [...archive].filter(([name]) => name.startsWith(folder)).map(([name, slice]) => [name.slice(folder.length), slice] as const),
  );
  const name = full.slice(folder.length);
  const stem = name.replace(/\.[^.]*$/, '');
  const descriptor = pick(members, name);
  if (descriptor === undefined) throw new Error(`the descriptor ${name} vanished`);
  const manifest = pick(members, `${stem}.mf`) ?? only(members, /\.mf$/i);
  return {
    kind: 'ova',
    path,
    descriptor,
    ...(manifest === undefined ? {} : { manifest }),
    certificate: [...members.keys()].some((member) => /\.cert$/i.test(member)),
    members,
    find: (wanted) => Promise.resolve(members.get(wanted)),
  };
}

function pick(members: ReadonlyMap<string, FileSlice>, name: string): PackageFile | undefined {
  const slice = members.get(name);
  return slice && { name, slice };
}

/** The one member whose name matches. */
function only(members: ReadonlyMap<string, FileSlice>, pattern: RegExp): PackageFile | undefined {
  const [name, ...others] = [...members.keys()].filter((member) => pattern.test(member));
  return name === undefined || others.length > 0 ? undefined : pick(members, name);
}
