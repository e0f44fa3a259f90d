/** Disks → PersistentVolumeClaims: class, mode and a size that certainly holds the disk. */
import type { StorageClassFacts } from '../src/model/cluster-facts.ts';
import type { PersistentVolumeClaim, VolumeMode } from '../src/model/manifest.ts';
import type { MappingOptions, StorageTarget } from '../src/model/mapping.ts';
import { type Bytes, formatBytes, MiB, roundUp, toQuantity } from '../src/model/units.ts';
import type { Disk, SourceVm } from '../src/model/vm.ts';
import { chooseMode, type DiskUse, type Mode } from './claim-mode.ts';
import type { MappingContext } from './context.ts';
import { PREFIX, vmLabels } from './labels.ts';
import type { Ledger } from './ledger.ts';
import { type FoundTarget, findClass, findTarget, type StorageMatch } from './storage-map.ts';

/** Share of a file system volume that CDI reserves for the file system where nothing else is configured. */
const DEFAULT_OVERHEAD = 0.06;
/** KubeVirt discards no blocks of a volume with an annotation that ends so (its pkg/storage/types). */
const PREALLOCATION = `${PREFIX}/storage.preallocation`;

export interface ClaimPlan {
  readonly vm: SourceVm;
  readonly context: MappingContext;
  /** Place of the disk at the source. */
  readonly index: number;
  /** Name of the claim. */
  readonly claim: string;
  readonly use: DiskUse;
  readonly ledger: Ledger;
}

export interface MappedClaim {
  readonly claim: PersistentVolumeClaim;
  /** Neither map nor facts nor the table say how the volume should be: the safe choice is a guess. */
  readonly guessed: boolean;
}

export function mapClaim(disk: Disk, { vm, context, index, claim, use, ledger }: ClaimPlan): MappedClaim {
  const to = `PersistentVolumeClaim/${claim}`;
  const from = `disks[${index}]`;
  const place = { from, to, ledger };
  noteMetadata(to, context, { claim, ledger });
  const found = findTarget(vm, disk, context.storageMap);
  const { target } = found;
  const known = findClass(target.storageClass, context.facts);
  noteClass(disk, found, place);
  checkClass(target, { known, context }, place);
  const mode = chooseMode({ target, known, use });
  noteMode(disk, { mode, use, ...place });
  checkMode(disk, { mode, known, use, ...place });
  const preallocate = mapAllocation(disk, { target, options: context.options, ...place });
  const size = claimSize(disk.capacity, mode.volumeMode, {
    overhead: known?.filesystemOverhead ?? DEFAULT_OVERHEAD,
    minimum: known?.minimumSize ?? 0,
  });
  noteSize(disk, { size, mode, known, ...place });
  const { namespace } = context.options;
  return {
    guessed: mode.origin === 'guess',
    claim: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: claim,
        ...(namespace === undefined ? {} : { namespace }),
        labels: vmLabels(context.name),
        ...(preallocate ? { annotations: { [PREALLOCATION]: 'true' } } : {}),
      },
      spec: {
        accessModes: [mode.accessMode],
        volumeMode: mode.volumeMode,
        ...(target.storageClass === undefined ? {} : { storageClassName: target.storageClass }),
        resources: { requests: { storage: toQuantity(size) } },
      },
    },
  };
}

/** Facts of a disk whose claim is made with another VM. */
export function dropClaimFacts(
  disk: Disk,
  { from, filledWith, ledger }: { from: string; filledWith: string; ledger: Ledger },
): void {
  const because = `${filledWith} uses the same disk: the claim is made and filled with that VM.`;
  const rule = 'claim-shared';
  ledger.dropped({ from: `${from}.capacity`, was: formatBytes(disk.capacity), rule, because });
  ledger.dropped({ from: `${from}.storage`, was: disk.storage?.name, rule, because });
  ledger.dropped({ from: `${from}.storagePolicy`, was: disk.storagePolicy, rule, because });
  ledger.dropped({ from: `${from}.provisioning`, was: disk.provisioning, rule, because });
}

/**
 * Bytes to ask for. Block: the disk rounded up to 1 MiB. Filesystem: that, plus the share that the file system takes, rounded up
 * again (CDI's rule: usable = size / (1 + overhead), rounded down to 1 MiB). Never less than the provisioner's minimum.
 */
export function claimSize(
  capacity: Bytes,
  mode: VolumeMode,
  { overhead, minimum = 0 }: { readonly overhead: number; readonly minimum?: Bytes },
): Bytes {
  const aligned = Math.max(roundUp(capacity, MiB), MiB);
  const needed = mode === 'Block' ? aligned : roundUp(Math.ceil(aligned * (1 + overhead)), MiB);
  return Math.max(needed, roundUp(minimum, MiB));
}

type Place = { readonly from: string; readonly to: string; readonly ledger: Ledger };

function noteMetadata(to: string, { name, options }: MappingContext, { claim, ledger }: { claim: string; ledger: Ledger }): void {
  ledger.added({
    to: `${to}/metadata.name`,
    value: claim,
    rule: 'claim-name',
    because: 'Name of the VM and place of the disk: stable over runs.',
  });
  ledger.added({
    to: `${to}/metadata.labels`,
    value: name,
    rule: 'claim-label',
    because: 'Finds everything that belongs to the VM.',
  });
  const { namespace } = options;
  if (namespace === undefined) return;
  ledger.added({ to: `${to}/metadata.namespace`, value: namespace, rule: 'namespace', because: 'Given as an option.' });
}

const MATCH_REASONS: Readonly<Record<StorageMatch, string>> = {
  disk: 'The storage map says so for this disk.',
  vm: 'The storage map says so for this VM.',
  policy: 'The storage map says so for this storage policy.',
  storage: 'The storage map says so.',
  all: 'The storage map says so for every other storage.',
};

function noteClass(disk: Disk, { target, match }: FoundTarget, { from, to, ledger }: Place): void {
  const rule = 'claim-class';
  const was = disk.storage?.name;
  const { storageClass } = target;
  const policy = match === 'policy' ? disk.storagePolicy : undefined;
  if (policy === undefined || storageClass === undefined) {
    const because = 'The storage class is the policy of the target.';
    ledger.dropped({ from: `${from}.storagePolicy`, was: disk.storagePolicy, rule, because });
  }
  if (storageClass === undefined || match === undefined) {
    const because = 'The storage map names no class for it, so the cluster’s default class is used.';
    ledger.dropped({ from: `${from}.storage`, was, rule, because });
    return;
  }
  const entry = { to: `${to}/spec.storageClassName`, value: storageClass, rule, because: MATCH_REASONS[match] };
  if (policy !== undefined) {
    ledger.changed({ ...entry, from: `${from}.storagePolicy`, was: policy });
    ledger.dropped({ from: `${from}.storage`, was, rule, because: 'The storage policy decides, wherever the disk lies.' });
  } else if (was === undefined) ledger.added(entry);
  else ledger.changed({ ...entry, from: `${from}.storage`, was });
}

function checkClass(
  { storageClass }: StorageTarget,
  { known, context }: { known: StorageClassFacts | undefined; context: MappingContext },
  { from, ledger }: Place,
): void {
  if (storageClass === undefined || known !== undefined || context.facts.storageClasses === undefined) return;
  ledger.concern(
    'storage-class-missing',
    `${from}.storage`,
    `The cluster has no storage class ${storageClass}. Create it, or correct the storage map.`,
  );
}

function noteMode(disk: Disk, { mode, use, from, to, ledger }: Place & { mode: Mode; use: DiskUse }): void {
  const { because, accessMode, volumeMode } = mode;
  const rule = 'claim-mode';
  ledger.added({ to: `${to}/spec.volumeMode`, value: volumeMode, rule, because });
  const entry = { to: `${to}/spec.accessModes`, value: accessMode, rule, because };
  if (use.shared && disk.shared !== undefined) ledger.changed({ ...entry, from: `${from}.shared`, was: disk.shared });
  else ledger.added(entry);
}

function checkMode(
  disk: Disk,
  { mode, known, use, from, ledger }: Place & { mode: Mode; known: StorageClassFacts | undefined; use: DiskUse },
): void {
  const isOffered = mode.offers.some((one) => one.accessMode === mode.accessMode && one.volumeMode === mode.volumeMode);
  if (use.shared && !isOffered) {
    const advice = 'Map the disk to a class that is known to offer ReadWriteMany block volumes.';
    ledger.concern('storage-shared-unfit', `${from}.${disk.shared === undefined ? 'storage' : 'shared'}`, advice);
  } else if (mode.origin === 'map' && mode.offers.length > 0 && !isOffered) {
    const offered = mode.offers.map(({ accessMode, volumeMode }) => `${accessMode} ${volumeMode}`).join(', ');
    ledger.concern(
      'storage-mode-unfit',
      `${from}.storage`,
      `${known?.name ?? 'The class'} is known to offer ${offered}, not ${mode.accessMode} ${mode.volumeMode}. Correct the storage map, or test it.`,
    );
  }
}

/** True when the volume is to hold all of its space from the start. */
function mapAllocation(
  { provisioning }: Disk,
  { target, options, from, to, ledger }: Place & { target: StorageTarget; options: MappingOptions },
): boolean {
  const rule = 'claim-allocation';
  const asked = target.preallocate ?? isThick(provisioning, options.allocation);
  if (!asked) {
    const because =
      options.allocation === undefined && target.preallocate === undefined
        ? 'Thin or thick is a property of the storage class; preallocation can be asked for by option.'
        : 'Space is taken when it is written, and the guest’s discards give it back where the storage can.';
    ledger.dropped({ from: `${from}.provisioning`, was: provisioning, rule, because });
    return false;
  }
  const because = 'Asked for: the whole disk is written out, and the guest’s discards do not give space back.';
  const entry = { to: `${to}/metadata.annotations["${PREALLOCATION}"]`, value: 'true', rule, because };
  if (provisioning === undefined) ledger.added(entry);
  else ledger.changed({ ...entry, from: `${from}.provisioning`, was: provisioning });
  return true;
}

function isThick(provisioning: Disk['provisioning'], allocation: MappingOptions['allocation']): boolean {
  if (allocation === 'as-source') return provisioning === 'thick-eager' || provisioning === 'thick-lazy';
  return allocation === 'full';
}

function noteSize(
  disk: Disk,
  { size, mode, known, from, to, ledger }: Place & { size: Bytes; mode: Mode; known: StorageClassFacts | undefined },
): void {
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
  const raised = known?.minimumSize !== undefined && size === roundUp(known.minimumSize, MiB);
  const minimum = raised ? ' The provisioner makes no smaller volumes.' : '';
  const rounded = 'Volumes come in whole MiB; the guest may see that the disk is a little larger, never smaller.';
  const larger = 'On a block volume the guest sees the whole of it: a larger disk, never a smaller one.';
  const overhead = 'The file system of the volume takes its share; the guest sees exactly the size of the source disk.';
  const because = mode.volumeMode === 'Filesystem' ? overhead : raised ? larger : rounded;
  ledger.changed({ ...entry, because: because + minimum });
}
