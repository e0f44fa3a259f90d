/** Disks → PersistentVolumeClaims: class, mode and a size that certainly holds the disk. */

import type { StorageClassFacts } from '../src/model/cluster-facts.ts';
import type { AccessMode, PersistentVolumeClaim, VolumeMode } from '../src/model/manifest.ts';
import type { StorageTarget } from '../src/model/mapping.ts';
import { type Bytes, formatBytes, MiB, roundUp, toQuantity } from '../src/model/units.ts';
import type { Disk } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import type { Ledger } from './ledger.ts';
import { vmLabels } from './metadata.ts';

/** Share of a file system volume that CDI reserves for the file system where nothing else is configured. */
const DEFAULT_OVERHEAD = 0.06;

interface ClaimContext {
  readonly context: MappingContext;
  /** Place of the disk at the source. */
  readonly index: number;
  /** Name of the claim. */
  readonly claim: string;
  readonly ledger: Ledger;
}

interface Mode {
  readonly accessMode: AccessMode;
  readonly volumeMode: VolumeMode;
  readonly because: string;
}

export function mapClaim(disk: Disk, { context, index, claim, ledger }: ClaimContext): PersistentVolumeClaim {
  const to = `PersistentVolumeClaim/${claim}`;
  const from = `disks[${index}]`;
  ledger.added({
    to: `${to}/metadata.name`,
    value: claim,
    rule: 'claim-name',
    because: 'Name of the VM and place of the disk: stable over runs.',
  });
  ledger.added({
    to: `${to}/metadata.labels`,
    value: context.name,
    rule: 'claim-label',
    because: 'Finds everything that belongs to the VM.',
  });
  const { namespace } = context.options;
  if (namespace !== undefined)
    ledger.added({ to: `${to}/metadata.namespace`, value: namespace, rule: 'namespace', because: 'Given as an option.' });
  const target = findTarget(disk, context);
  const known = findClass(target.storageClass, context);
  noteClass(disk, { target, from, to, ledger });
  if (target.storageClass !== undefined && known === undefined && context.facts.storageClasses !== undefined) {
    ledger.concern(
      'storage-class-missing',
      `${from}.storage`,
      `The cluster has no storage class ${target.storageClass}. Create it, or correct the storage map.`,
    );
  }
  const mode = chooseMode(disk, target, known);
  noteMode(disk, { mode, from, to, ledger });
  if (
    disk.shared === true &&
    known?.claimProperties?.some((one) => one.accessMode === 'ReadWriteMany' && one.volumeMode === 'Block') !== true
  ) {
    ledger.concern(
      'storage-shared-unfit',
      `${from}.shared`,
      'Map the disk to a class that is known to offer ReadWriteMany block volumes.',
    );
  }
  const size = claimSize(disk.capacity, mode.volumeMode, known?.filesystemOverhead ?? DEFAULT_OVERHEAD);
  noteSize(disk, { size, mode, from, to, ledger });
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claim,
      ...(namespace === undefined ? {} : { namespace }),
      labels: vmLabels(context.name),
    },
    spec: {
      accessModes: [mode.accessMode],
      volumeMode: mode.volumeMode,
      ...(target.storageClass === undefined ? {} : { storageClassName: target.storageClass }),
      resources: { requests: { storage: toQuantity(size) } },
    },
  };
}

/** True when neither map nor facts say how the volume of a disk should be, so that the safe choice is a guess. */
export function isModeGuessed(disk: Disk, context: MappingContext): boolean {
  const { storageClass, volumeMode, accessMode } = findTarget(disk, context);
  if (disk.shared === true || volumeMode !== undefined || accessMode !== undefined) return false;
  return findClass(storageClass, context)?.claimProperties === undefined;
}

/**
 * Bytes to ask for. Block: the disk rounded up to 1 MiB. Filesystem: that, plus the share that the file system takes, rounded up
 * again (CDI's rule: usable = size / (1 + overhead), rounded down to 1 MiB).
 */
export function claimSize(capacity: Bytes, mode: VolumeMode, overhead: number): Bytes {
  const aligned = Math.max(roundUp(capacity, MiB), MiB);
  return mode === 'Block' ? aligned : roundUp(Math.ceil(aligned * (1 + overhead)), MiB);
}

function findTarget(disk: Disk, { storageMap }: MappingContext): StorageTarget {
  const { entries } = storageMap;
  const exact = entries.find(
    ({ source }) => disk.storage !== undefined && (source === disk.storage.id || source === disk.storage.name),
  );
  return (exact ?? entries.find(({ source }) => source === '*'))?.target ?? {};
}

/** Facts of the class that the claim will get: the named one, else the default for VMs, else the default. */
function findClass(name: string | undefined, { facts }: MappingContext): StorageClassFacts | undefined {
  const classes = facts.storageClasses ?? [];
  if (name !== undefined) return classes.find((one) => one.name === name);
  return classes.find((one) => one.isDefaultVirt === true) ?? classes.find((one) => one.isDefault === true);
}

function chooseMode(disk: Disk, target: StorageTarget, known: StorageClassFacts | undefined): Mode {
  if (disk.shared === true) {
    return {
      accessMode: 'ReadWriteMany',
      volumeMode: 'Block',
      because: 'Several VMs write this disk at once: that needs a block volume for many.',
    };
  }
  const offers = known?.claimProperties ?? [];
  const fitting = offers.filter(
    (one) =>
      (target.volumeMode === undefined || one.volumeMode === target.volumeMode) &&
      (target.accessMode === undefined || one.accessMode === target.accessMode),
  );
  const best = fitting[0];
  if (target.volumeMode !== undefined || target.accessMode !== undefined) {
    return {
      accessMode: target.accessMode ?? best?.accessMode ?? 'ReadWriteOnce',
      volumeMode: target.volumeMode ?? best?.volumeMode ?? 'Filesystem',
      because:
        'The storage map says so; what it leaves open is the best that the class offers, or ReadWriteOnce on a file system.',
    };
  }
  if (best !== undefined && known !== undefined) {
    return {
      accessMode: best.accessMode,
      volumeMode: best.volumeMode,
      because: `The best that the storage class ${known.name} offers.`,
    };
  }
  return {
    accessMode: 'ReadWriteOnce',
    volumeMode: 'Filesystem',
    because:
      'Nothing is known about the storage class, and this is what every class offers. The VM cannot be live migrated on it.',
  };
}

type Place = { readonly from: string; readonly to: string; readonly ledger: Ledger };

function noteClass(disk: Disk, { target, from, to, ledger }: Place & { target: StorageTarget }): void {
  const was = disk.storage?.name;
  const rule = 'claim-class';
  const { storageClass } = target;
  if (storageClass === undefined) {
    ledger.dropped({
      from: `${from}.storage`,
      was,
      rule,
      because: 'The storage map names no class for it, so the cluster’s default class is used.',
    });
    return;
  }
  const entry = { to: `${to}/spec.storageClassName`, value: storageClass, rule, because: 'The storage map says so.' };
  if (was === undefined) ledger.added(entry);
  else ledger.changed({ ...entry, from: `${from}.storage`, was });
}

function noteMode(disk: Disk, { mode, from, to, ledger }: Place & { mode: Mode }): void {
  const { because, accessMode, volumeMode } = mode;
  const rule = 'claim-mode';
  ledger.added({ to: `${to}/spec.volumeMode`, value: volumeMode, rule, because });
  if (disk.shared === true)
    ledger.changed({ from: `${from}.shared`, to: `${to}/spec.accessModes`, was: true, value: accessMode, rule, because });
  else ledger.added({ to: `${to}/spec.accessModes`, value: accessMode, rule, because });
}

function noteSize(disk: Disk, { size, mode, from, to, ledger }: Place & { size: Bytes; mode: Mode }): void {
  const entry = {
    from: `${from}.capacity`,
    to: `${to}/spec.resources.requests.storage`,
    was: formatBytes(disk.capacity),
    value: toQuantity(size),
    rule: 'claim-size',
  };
  if (size === disk.capacity) {
    ledger.kept({ ...entry, because: 'Exactly the size of the disk.' });
    return;
  }
  const rounded = 'Volumes come in whole MiB; the guest may see that the disk is a little larger, never smaller.';
  const overhead = 'The file system of the volume takes its share; the guest sees exactly the size of the source disk.';
  ledger.changed({ ...entry, because: mode.volumeMode === 'Block' ? rounded : overhead });
}
