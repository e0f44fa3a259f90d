/** Where files lie: cluster shared volumes, volumes of one host, shares of file servers. */

import { defined } from '../../../src/model/defined.ts';
import type { SourceStorage } from '../../../src/model/inventory.ts';
import type { StorageRef } from '../../../src/model/vm.ts';
import type { Host, Volume } from '../scripts/host-answer.ts';
import { parseWindowsPath, shareOf } from '../windows-path.ts';
import type { KnownHost } from './known-host.ts';
import { wholeNumber } from './numbers.ts';

/** Of a file; undefined for a path that lies on no known volume. */
export function storageOf(file: string, { host, volumeOf }: KnownHost): StorageRef | undefined {
  const path = parseWindowsPath(file);
  if (path === undefined) return undefined;
  const share = shareOf(path);
  if (share !== undefined) return { id: path.root, name: path.root };
  const volume = volumeOf(path);
  return volume === undefined ? undefined : storageRef(volume, host);
}

/** `D:` of one host is not that of another, and a cluster shared volume is the same on all. */
function storageRef({ path, kind }: Volume, { name }: Host): StorageRef {
  const folder = path.replace(/\\$/, '');
  const shown = kind === 'csv' ? folder : `${name} ${folder}`;
  return { id: shown.toLowerCase(), name: shown };
}

/** All volumes of the hosts; what several nodes of a cluster see is told once. */
export function readStorages(hosts: readonly Host[]): readonly SourceStorage[] {
  const storages = new Map<string, SourceStorage>();
  for (const host of hosts) {
    for (const volume of host.volumes) {
      const ref = storageRef(volume, host);
      if (storages.has(ref.id)) continue;
      storages.set(ref.id, {
        ...ref,
        kind: volume.kind === 'csv' ? 'csv' : (volume.fileSystem?.toLowerCase() ?? 'local'),
        ...defined({ capacity: wholeNumber(volume.size), free: wholeNumber(volume.free) }),
      });
    }
  }
  return [...storages.values()];
}
