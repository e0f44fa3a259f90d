/**
 * What a virtio-win, a folder or an ISO image, has for a release of Windows. virt-v2v looks for drivers by the names of folders, and where none
 * fits it only warns, minutes later. The names are those of virtio-win 0.1.96 to 0.1.271.
 */
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../../../model/errors.ts';
import type { InspectedMedia, InspectedSystem } from '../../../model/guest-inspection.ts';
import { isoNames } from './iso9660.ts';

export interface VirtioWin {
  /** As the image calls itself: `virtio-win-0.1.240`; absent for a folder. */
  readonly label?: string;
  /** Releases that have a disk driver for the processor, by their folders in lower case: `w10`, `2k19`. */
  readonly disk: readonly string[];
  /** The same for the network driver. */
  readonly nic: readonly string[];
}

/** Folders below the place: driver / release / processor / file, or processor / release / file as distributions unpack it. */
const DEPTH = 4;
const MAX_PATHS = 20_000;

/**
 * What a place holds for a processor.
 * @throws MigrationError `virtio-win-missing` when it cannot be read, or is neither a folder nor an ISO image
 */
export async function readVirtioWin(place: string, arch: string): Promise<VirtioWin> {
  const listed = await namesIn(place).catch((cause: unknown) => {
    if (cause instanceof MigrationError) throw cause;
    throw new MigrationError('virtio-win-missing', `${place} cannot be read.`, { file: place, cause });
  });
  const releases = (driver: string): readonly string[] => {
    const found = listed.paths.filter((one) => one.endsWith(`/${driver}.inf`)).map((one) => one.split('/'));
    const fitting = found.filter((parts) => parts.some((part) => folderOf(arch).includes(part)));
    return [...new Set(fitting.flatMap((parts) => parts.find((part) => RELEASES.test(part)) ?? []))].sort();
  };
  return { ...(listed.label === undefined ? {} : { label: listed.label }), disk: releases('viostor'), nic: releases('netkvm') };
}

/** How well a place fits a system. @throws as readVirtioWin */
export async function fitVirtioWin(
  place: string,
  system: Pick<InspectedSystem, 'version' | 'variant' | 'product' | 'arch'>,
): Promise<InspectedMedia> {
  const { label, disk, nic } = await readVirtioWin(place, system.arch ?? 'x86_64');
  const wanted = releasesFor(system);
  const lacks = (there: readonly string[]): boolean => !wanted.some((release) => there.includes(release));
  const missing = [...(lacks(disk) ? (['disk'] as const) : []), ...(lacks(nic) ? (['network'] as const) : [])];
  return { place, ...(label === undefined ? {} : { label }), wanted, releases: disk, missing };
}

const RELEASES = /^(xp|2k3|vista|2k8|w7|2k8r2|w8|2k12|w8\.1|2k12r2|w10|2k16|2k19|w11|2k22|2k25)$/;

/** Servers since 2016 have one version number: their name tells them apart. */
const SERVERS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/2025/, ['2k25', '2k22']],
  [/2022/, ['2k22']],
  [/2019/, ['2k19']],
  [/2016/, ['2k16']],
];

/** Folders that fit a release, best first; none for one that is not known. */
export function releasesFor({
  version,
  variant,
  product = '',
}: Pick<InspectedSystem, 'version' | 'variant' | 'product'>): readonly string[] {
  const isServer = variant === 'Server' || /server/i.test(product);
  const key = version === undefined ? '' : `${version.major}.${version.minor}`;
  if (key === '10.0' && isServer) return SERVERS.find(([name]) => name.test(product))?.[1] ?? [];
  // Windows 11 calls itself 10 in its registry; drivers for 10 fit both.
  if (key === '10.0') return /windows 11/i.test(product) ? ['w11', 'w10'] : ['w10', 'w11'];
  const [client, server] = OLDER[key] ?? [];
  const release = isServer ? server : client;
  return release === undefined ? [] : [release];
}

const OLDER: Readonly<Record<string, readonly [string, string]>> = {
  '5.1': ['xp', '2k3'],
  '5.2': ['xp', '2k3'],
  '6.0': ['vista', '2k8'],
  '6.1': ['w7', '2k8r2'],
  '6.2': ['w8', '2k12'],
  '6.3': ['w8.1', '2k12r2'],
};

function folderOf(arch: string): readonly string[] {
  if (arch === 'x86_64') return ['amd64', 'x64'];
  return arch === 'aarch64' ? ['arm64'] : ['x86', 'i386'];
}

async function namesIn(place: string): Promise<{ readonly label?: string; readonly paths: readonly string[] }> {
  const kind = await stat(place);
  if (kind.isDirectory()) return { paths: await folderNames(place, '', DEPTH) };
  const file = await open(place);
  try {
    const names = await isoNames(file, DEPTH);
    if (names !== undefined) return names;
  } finally {
    await file.close();
  }
  throw new MigrationError('virtio-win-missing', `${place} is neither a folder nor an ISO image.`, { file: place });
}

/** Links are not followed. */
async function folderNames(folder: string, below: string, depth: number): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = `${below}${entry.name.toLowerCase()}`;
    if (entry.isFile()) found.push(name);
    else if (entry.isDirectory() && depth > 1) {
      found.push(...(await folderNames(path.join(folder, entry.name), `${name}/`, depth - 1)));
    }
    if (found.length > MAX_PATHS) break;
  }
  return found;
}
