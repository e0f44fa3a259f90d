/** What the storage classes of a plan can do: one line a class, for the report. */
import type { ClusterFacts, StorageClassFacts } from '../src/model/cluster-facts.ts';
import { compareText } from '../src/model/concern.ts';
import type { PersistentVolumeClaim } from '../src/model/manifest.ts';
import type { Mapping } from '../src/model/mapping.ts';
import type { AbilityRemark, StorageClassReport } from '../src/model/storage-class-report.ts';
import type { Bytes } from '../src/model/units.ts';
import { findClass } from './storage-map.ts';

interface Use {
  claims: number;
  bytes: Bytes;
  /** Claims that one node at a time may mount. */
  single: number;
}

const UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti'];

/** Ascending by name; the cluster's default class, where the claims name none, comes first. */
export function describeStorageClasses(mappings: readonly Mapping[], facts: ClusterFacts): readonly StorageClassReport[] {
  const uses = new Map<string, Use>();
  for (const { manifests } of mappings) {
    for (const manifest of manifests) if (manifest.kind === 'PersistentVolumeClaim') count(manifest, uses);
  }
  return [...uses]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([name, use]) => describe(name === '' ? undefined : name, use, facts));
}

function count({ spec }: PersistentVolumeClaim, uses: Map<string, Use>): void {
  const name = spec.storageClassName ?? '';
  const use = uses.get(name) ?? { claims: 0, bytes: 0, single: 0 };
  use.claims += 1;
  use.bytes += bytesOf(spec.resources.requests.storage);
  if (!spec.accessModes.includes('ReadWriteMany')) use.single += 1;
  uses.set(name, use);
}

function describe(name: string | undefined, { claims, bytes, single }: Use, facts: ClusterFacts): StorageClassReport {
  const known = findClass(name, facts);
  const called = name ?? known?.name;
  return {
    ...(called === undefined ? {} : { name: called }),
    ...(known === undefined ? {} : { provisioner: known.provisioner }),
    claims,
    bytes,
    liveMigration: liveMigration(claims, single),
    snapshots: snapshots(known),
    expansion: expansion(known),
    clone: clone(known),
  };
}

function liveMigration(claims: number, single: number): AbilityRemark {
  if (single === 0) return { ability: 'yes', because: 'Every claim is ReadWriteMany.' };
  const because =
    single === claims
      ? 'The claims are ReadWriteOnce: a VM on them cannot move to another node while it runs.'
      : `${single} of ${claims} claims are ReadWriteOnce: a VM on them cannot move to another node while it runs.`;
  return { ability: 'no', because };
}

const NOT_READ: AbilityRemark = { ability: 'unknown', because: 'The facts say nothing about the class.' };

function snapshots(known: StorageClassFacts | undefined): AbilityRemark {
  if (known === undefined) return NOT_READ;
  if (known.snapshotClass !== undefined)
    return { ability: 'yes', because: `The volume snapshot class ${known.snapshotClass} is of the same driver.` };
  if (known.snapshotsKnown === true) return { ability: 'no', because: 'No volume snapshot class is of the same driver.' };
  return { ability: 'unknown', because: 'Volume snapshot classes were not read.' };
}

function expansion(known: StorageClassFacts | undefined): AbilityRemark {
  if (known?.expansion === undefined) return NOT_READ;
  if (known.expansion) return { ability: 'yes', because: 'The class allows volumes to grow.' };
  return { ability: 'no', because: 'The class does not allow volumes to grow (allowVolumeExpansion).' };
}

const CLONE_REASONS: Readonly<Record<NonNullable<StorageClassFacts['cloneStrategy']>, AbilityRemark>> = {
  'csi-clone': { ability: 'yes', because: 'The driver clones volumes itself.' },
  snapshot: { ability: 'yes', because: 'A copy is made from a snapshot.' },
  copy: { ability: 'no', because: 'A copy is made byte by byte, as slowly as the storage reads and writes.' },
};

function clone(known: StorageClassFacts | undefined): AbilityRemark {
  if (known === undefined) return NOT_READ;
  if (known.cloneStrategy === undefined)
    return { ability: 'unknown', because: 'CDI has no profile of the class that says how it clones.' };
  return CLONE_REASONS[known.cloneStrategy];
}

/** Quantities as `toQuantity` writes them. */
function bytesOf(quantity: string): Bytes {
  const [, digits = '0', unit = ''] = /^(\d+)(\D*)$/.exec(quantity) ?? [];
  return Number(digits) * 1024 ** UNITS.indexOf(unit);
}
