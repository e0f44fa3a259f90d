/** Which entry of the user's storage map is about a disk, and which storage class of the facts is meant. */
import type { ClusterFacts, StorageClassFacts } from '../src/model/cluster-facts.ts';
import type { StorageMap, StorageSource, StorageTarget } from '../src/model/mapping.ts';
import type { Disk, SourceVm } from '../src/model/vm.ts';

/** What the deciding entry goes by. */
export type StorageMatch = 'disk' | 'vm' | 'policy' | 'storage' | 'all';

export interface FoundTarget {
  readonly target: StorageTarget;
  /** Absent: no entry is about the disk. */
  readonly match?: StorageMatch;
}

interface Entry {
  readonly source: Exclude<StorageSource, string>;
  readonly target: StorageTarget;
  readonly place: number;
  readonly weight: number;
}

/** Entries under the narrowest thing that they name, so that a map with an entry for each VM costs no more per disk. */
interface Index {
  readonly vm: Map<string, Entry[]>;
  readonly disk: Map<string, Entry[]>;
  readonly policy: Map<string, Entry[]>;
  readonly storage: Map<string, Entry[]>;
  readonly all: Entry[];
}

const INDEXES = new WeakMap<StorageMap, Index>();
const NOTHING: FoundTarget = { target: {} };

export function findTarget(vm: SourceVm, disk: Disk, map: StorageMap): FoundTarget {
  if (map.entries.length === 0) return NOTHING;
  const index = indexOf(map);
  let best: Entry | undefined;
  const look = (entries: readonly Entry[] | undefined): void => {
    for (const entry of entries ?? []) {
      const better =
        best === undefined || entry.weight > best.weight || (entry.weight === best.weight && entry.place < best.place);
      if (better && fits(entry.source, vm, disk)) best = entry;
    }
  };
  look(index.all);
  lookUp(index.storage, [disk.storage?.id, disk.storage?.name], look);
  lookUp(index.policy, [disk.storagePolicy], look);
  lookUp(index.disk, [disk.key, disk.label, disk.file], look);
  lookUp(index.vm, [vm.ref.id, vm.name], look);
  return best === undefined ? NOTHING : { target: best.target, match: matchOf(best.source) };
}

function lookUp(
  entries: ReadonlyMap<string, readonly Entry[]>,
  names: readonly (string | undefined)[],
  look: (entries: readonly Entry[] | undefined) => void,
): void {
  if (entries.size === 0) return;
  for (const name of names) if (name !== undefined) look(entries.get(name));
}

/** Facts of the class that a claim will get: the named one, else the default for VMs, else the default. */
export function findClass(name: string | undefined, facts: ClusterFacts): StorageClassFacts | undefined {
  const { storageClasses } = facts;
  if (storageClasses === undefined) return undefined;
  let classes = CLASSES.get(storageClasses);
  if (classes === undefined) {
    classes = {
      byName: new Map(storageClasses.map((one) => [one.name, one])),
      ordinary: storageClasses.find((one) => one.isDefaultVirt === true) ?? storageClasses.find((one) => one.isDefault === true),
    };
    CLASSES.set(storageClasses, classes);
  }
  return name === undefined ? classes.ordinary : classes.byName.get(name);
}

interface Classes {
  readonly byName: ReadonlyMap<string, StorageClassFacts>;
  readonly ordinary: StorageClassFacts | undefined;
}

const CLASSES = new WeakMap<readonly StorageClassFacts[], Classes>();

function indexOf(map: StorageMap): Index {
  const known = INDEXES.get(map);
  if (known !== undefined) return known;
  const index: Index = { vm: new Map(), disk: new Map(), policy: new Map(), storage: new Map(), all: [] };
  for (const [place, { source: written, target }] of map.entries.entries()) {
    const source = typeof written !== 'string' ? written : written === '*' ? {} : { storage: written };
    bucketOf(source, index).push({ source, target, place, weight: weightOf(source) });
  }
  INDEXES.set(map, index);
  return index;
}

function bucketOf({ vm, disk, policy, storage }: Entry['source'], index: Index): Entry[] {
  if (vm !== undefined) return bucket(index.vm, vm);
  if (disk !== undefined) return bucket(index.disk, disk);
  if (policy !== undefined) return bucket(index.policy, policy);
  return storage === undefined ? index.all : bucket(index.storage, storage);
}

function bucket(entries: Map<string, Entry[]>, name: string): Entry[] {
  const found = entries.get(name) ?? [];
  entries.set(name, found);
  return found;
}

function fits(source: Entry['source'], vm: SourceVm, { key, label, file, storagePolicy, storage }: Disk): boolean {
  const isOne = (wanted: string | undefined, ...values: readonly (string | undefined)[]): boolean =>
    wanted === undefined || values.includes(wanted);
  return (
    isOne(source.storage, storage?.id, storage?.name) &&
    isOne(source.policy, storagePolicy) &&
    isOne(source.vm, vm.ref.id, vm.name) &&
    isOne(source.disk, key, label, file)
  );
}

function weightOf({ disk, vm, policy, storage }: Entry['source']): number {
  return (
    (disk === undefined ? 0 : 8) + (vm === undefined ? 0 : 4) + (policy === undefined ? 0 : 2) + (storage === undefined ? 0 : 1)
  );
}

function matchOf({ disk, vm, policy, storage }: Entry['source']): StorageMatch {
  if (disk !== undefined) return 'disk';
  if (vm !== undefined) return 'vm';
  if (policy !== undefined) return 'policy';
  return storage === undefined ? 'all' : 'storage';
}
