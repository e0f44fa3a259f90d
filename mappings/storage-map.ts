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
type Index = ReadonlyMap<string, readonly Entry[]>;

const INDEXES = new WeakMap<StorageMap, Index>();
const NOTHING: FoundTarget = { target: {} };

export function findTarget(vm: SourceVm, disk: Disk, map: StorageMap): FoundTarget {
  if (map.entries.length === 0) return NOTHING;
  const index = indexOf(map);
  let best: Entry | undefined;
  for (const key of keysOf(vm, disk)) {
    for (const entry of index.get(key) ?? []) {
      const better =
        best === undefined || entry.weight > best.weight || (entry.weight === best.weight && entry.place < best.place);
      if (better && fits(entry.source, vm, disk)) best = entry;
    }
  }
  return best === undefined ? NOTHING : { target: best.target, match: matchOf(best.source) };
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
  const index = new Map<string, Entry[]>();
  for (const [place, { source: written, target }] of map.entries.entries()) {
    const source = typeof written !== 'string' ? written : written === '*' ? {} : { storage: written };
    const key = keyOf(source);
    const entry = { source, target, place, weight: weightOf(source) };
    const others = index.get(key);
    if (others === undefined) index.set(key, [entry]);
    else others.push(entry);
  }
  INDEXES.set(map, index);
  return index;
}

function keyOf({ vm, disk, policy, storage }: Entry['source']): string {
  if (vm !== undefined) return `vm ${vm}`;
  if (disk !== undefined) return `disk ${disk}`;
  if (policy !== undefined) return `policy ${policy}`;
  return storage === undefined ? '*' : `storage ${storage}`;
}

function* keysOf(vm: SourceVm, { key, label, file, storagePolicy, storage }: Disk): Generator<string> {
  yield '*';
  if (storage !== undefined) yield* texts('storage', [storage.id, storage.name]);
  if (storagePolicy !== undefined) yield `policy ${storagePolicy}`;
  yield* texts('disk', file === undefined ? [key, label] : [key, label, file]);
  yield* texts('vm', [vm.ref.id, vm.name]);
}

/** Each text once: a bucket that is looked at twice costs time and nothing else. */
function texts(kind: string, values: readonly string[]): readonly string[] {
  return [...new Set(values)].map((value) => `${kind} ${value}`);
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
