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

interface Member {
  readonly id: string;
  readonly vm: string;
  /** Key of the disk in this VM. */
  readonly disk: string;
  readonly stem: string;
}

const HASH_DIGITS = 10;

/** Counts the users of each disk, VM by VM, so that a fleet need not be in memory. Cost grows with the number of disks. */
export class SharedDiskSurvey {
  readonly #members = new Map<string, Member[]>();

  add(vm: SourceVm): void {
    for (const disk of vm.disks) {
      const identity = identityOf(disk, vm);
      if (identity === undefined) continue;
      const member = { id: vm.ref.id, vm: vm.name, disk: disk.key, stem: stemOf(disk) };
      const members = this.#members.get(identity);
      if (members === undefined) this.#members.set(identity, [member]);
      else members.push(member);
    }
  }

  /** Every disk that at least two VMs name. `isWanted` leaves out VMs, by id, that are not in the plan. */
  disks(isWanted: (id: string) => boolean = () => true): SharedDisks {
    const shared = new Map<string, SharedDisk>();
    for (const [identity, all] of this.#members) {
      const members = all.filter(({ id }) => isWanted(id));
      const first = members.toSorted((a, b) => compareText(a.id, b.id))[0];
      if (first === undefined || members.every(({ id }) => id === first.id)) continue;
      const claim = toLabel(`shared-${first.stem}-${shortHash(identity, HASH_DIGITS)}`);
      for (const { id, disk } of members) shared.set(keyOf(id, disk), { claim, filledBy: first.id, filledWith: first.vm });
    }
    return shared;
  }
}

/** The same for VMs that are at hand. */
export function findSharedDisks(vms: readonly SourceVm[]): SharedDisks {
  const survey = new SharedDiskSurvey();
  for (const vm of vms) survey.add(vm);
  return survey.disks();
}

export function sharedDiskOf({ ref }: SourceVm, { key }: Disk, disks: SharedDisks | undefined): SharedDisk | undefined {
  return disks === undefined || disks.size === 0 ? undefined : disks.get(keyOf(ref.id, key));
}

function keyOf(vm: string, disk: string): string {
  return `${vm}\n${disk}`;
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

/** What people recognise the disk by, the same in every VM: the LUN, `quorum` of `[san] sql-1/quorum.vmdk`, the serial. */
function stemOf({ file, lun, serial = 'disk' }: Disk): string {
  const name = file?.split(/[/\\]/).at(-1);
  return lun ?? name?.replace(/\.[A-Za-z0-9]+$/, '') ?? serial;
}
