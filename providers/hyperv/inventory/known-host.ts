/** A host with what its VMs look up in it, made once for each answer, so that many VMs cost no more than their number. */
import type { Host, Switch, Volume } from '../scripts/host-answer.ts';
import { longest, parseWindowsPath, type WindowsPath } from '../windows-path.ts';

type Cluster = NonNullable<Host['cluster']>;
export type Role = Cluster['roles'][number];

interface Folder {
  readonly volume: Volume;
  readonly path: WindowsPath | undefined;
}

export interface KnownHost {
  readonly host: Host;
  /** By id. */
  readonly switches: ReadonlyMap<string, Switch>;
  /** Names that several switches of the host have: they tell none. */
  readonly sharedNames: ReadonlySet<string>;
  /** By VM id; empty where there is no cluster or it may not be asked. */
  readonly roles: ReadonlyMap<string, Role>;
  /** The volume that a path lies on. */
  readonly volumeOf: (path: WindowsPath) => Volume | undefined;
}

const KNOWN = new WeakMap<Host, KnownHost>();

export function knownHost(host: Host): KnownHost {
  const found = KNOWN.get(host);
  if (found !== undefined) return found;
  const names = host.switches.map(({ name }) => name);
  const folders: readonly Folder[] = host.volumes.map((volume) => ({ volume, path: parseWindowsPath(volume.path) }));
  const made: KnownHost = {
    host,
    switches: new Map(host.switches.map((one) => [one.id, one])),
    sharedNames: new Set(names.filter((name, index) => names.indexOf(name) !== index)),
    roles: new Map((host.cluster?.roles ?? []).map((role) => [role.vm, role])),
    volumeOf: (path) => longest(path, folders, (folder) => folder.path)?.candidate.volume,
  };
  KNOWN.set(host, made);
  return made;
}
