/** Disks that several VMs of a plan use at once: one claim for all of them, made and filled with one of the VMs. */
import { compareText } from '../src/model/concern.ts';
import type { Disk, SourceVm } from '../src/model/vm.ts';
import { shortHash } from './hash.ts';
import { toLabel } from './names.ts';

export interface SharedDisk {
  /** Name of the one claim. It depends on the disk alone, so that it is the same whichever VMs are in the plan. */
  readonly claim: string;
  /** `VmRef.id` of the VM whose migration makes and fills the claim: the smallest of the members. */
  readonly filledBy: string;
  /** Its name at the source, for people. */
  readonly filledWith: string;
}

/** By VM and disk, see `sharedDiskOf`. */
export type SharedDisks = ReadonlyMap<string, SharedDisk>;

const HASH_DIGITS = 10;

/** Every disk that at least two of the VMs name. Cost grows with the number of disks. */
export function findSharedDisks(vms: readonly SourceVm[]): SharedDisks {
  const groups = new Map<string, { readonly vm: SourceVm; readonly disk: Disk }[]>();
  for (const vm of vms) {
    for (const disk of vm.disks) {
      const identity = identityOf(disk, vm);
      if (identity === undefined) continue;
      const group = groups.get(identity);
      if (group === undefined) groups.set(identity, [{ vm, disk }]);
      else group.push({ vm, disk });
    }
  }
  const shared = new Map<string, SharedDisk>();
  for (const [identity, group] of groups) {
    const [first, second] = group.toSorted((a, b) => compareText(a.vm.ref.id, b.vm.ref.id));
    if (first === undefined || second === undefined || group.every(({ vm }) => vm === first.vm)) continue;
    const claim = toLabel(`shared-${stemOf(first.disk)}-${shortHash(identity, HASH_DIGITS)}`);
    for (const { vm, disk } of group) {
      shared.set(keyOf(vm, disk), { claim, filledBy: first.vm.ref.id, filledWith: first.vm.name });
    }
  }
  return shared;
}

export function sharedDiskOf(vm: SourceVm, disk: Disk, disks: SharedDisks | undefined): SharedDisk | undefined {
  return disks === undefined || disks.size === 0 ? undefined : disks.get(keyOf(vm, disk));
}

function keyOf({ ref }: SourceVm, { key }: Disk): string {
  return `${ref.id}\n${key}`;
}

/**
 * What the source knows a shared disk by: the LUN, the file, else the serial. Only for disks that the source says can be shared: a file
 * that two VMs name is otherwise used by one at a time. In packages equal file names mean nothing: each has a `disk1.vmdk`.
 */
function identityOf(disk: Disk, vm: SourceVm): string | undefined {
  const { lun, storage, file, serial } = disk;
  if (vm.packaging !== undefined || !canBeShared(disk, vm)) return undefined;
  if (lun !== undefined) return `lun ${lun}`;
  if (storage !== undefined && file !== undefined) return `file ${storage.id} ${file}`;
  return serial === undefined ? undefined : `serial ${serial}`;
}

function canBeShared({ shared, sharing, passthrough, slot }: Disk, { controllers }: SourceVm): boolean {
  if (shared === true || sharing !== undefined || passthrough !== undefined) return true;
  const bus = controllers.find(({ key }) => key === slot?.controller)?.sharing;
  return bus === 'virtual' || bus === 'physical';
}

/** `quorum` of `[san] sql-1/quorum.vmdk`. */
function stemOf({ file, lun, label }: Disk): string {
  const name = file?.split(/[/\\]/).at(-1);
  return name?.replace(/\.[A-Za-z0-9]+$/, '') ?? lun ?? label;
}
