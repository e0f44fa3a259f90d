/**
 * Disks → claims, volumes and devices of the VM, CD-ROM drives after them. Here is which disk gets which claim, bus and kind of device; the
 * claims are made in storage.ts, the rest of a device in disk-device.ts; what the backing of a disk loses is said in disk-backing.ts.
 */
import type { GuestOs } from '../src/model/guest-os/row.ts';
import { gateState } from '../src/model/kubevirt-version.ts';
import type { DiskDevice, PersistentVolumeClaim, Volume } from '../src/model/manifest.ts';
import type { DiskPlacement } from '../src/model/mapping.ts';
import type { Disk, SourceVm } from '../src/model/vm.ts';
import type { BootOrder } from './boot-order.ts';
import { mapCdroms } from './cdroms.ts';
import type { DiskUse } from './claim-mode.ts';
import type { MappingContext } from './context.ts';
import { type DeviceBus, diskName, toDevice } from './disk-device.ts';
import { avoidVirtio } from './guest-facts.ts';
import type { Ledger } from './ledger.ts';
import { type SharedDisk, sharedDiskOf } from './shared-disks.ts';
import { dropClaimFacts, mapClaim } from './storage.ts';
import { claimName } from './templates.ts';

/** Each virtio disk takes a PCI port of its own, and a q35 machine has about thirty; further disks share one SCSI controller. */
const MAX_VIRTIO_DISKS = 20;
const SECTOR = 512;

export interface MappedDisks {
  readonly devices: readonly DiskDevice[];
  readonly volumes: readonly Volume[];
  /** Those that are made with this VM. */
  readonly claims: readonly PersistentVolumeClaim[];
  readonly placements: readonly DiskPlacement[];
}

interface DiskContext {
  readonly context: MappingContext;
  readonly os: GuestOs | undefined;
  readonly boot: BootOrder;
  readonly ledger: Ledger;
}

export function mapDisks(vm: SourceVm, { context, os, boot, ledger }: DiskContext): MappedDisks {
  const devices: DiskDevice[] = [];
  const volumes: Volume[] = [];
  const claims: PersistentVolumeClaim[] = [];
  const placements: DiskPlacement[] = [];
  const guessed: string[] = [];
  const claimOf = claimNamer(context);
  for (const [index, disk] of vm.disks.entries()) {
    const shared = sharedDiskOf(vm, disk, context.sharedDisks);
    const claim = shared?.claim ?? claimOf(disk, index);
    const use: DiskUse = { shared: disk.shared === true || shared !== undefined, lun: isLun(disk, vm, context) };
    placements.push({ disk: disk.key, claim, ...(shared === undefined ? {} : { filledBy: shared.filledBy }) });
    const elsewhere = shared !== undefined && shared.filledBy !== vm.ref.id ? shared : undefined;
    if (elsewhere === undefined) {
      const mapped = mapClaim(disk, { vm, context, index, claim, use, ledger });
      claims.push(mapped.claim);
      if (mapped.guessed) guessed.push(disk.label);
    } else dropClaimFacts(disk, { from: `disks[${index}]`, filledWith: elsewhere.filledWith, ledger });
    const bootOrder = boot.disks.get(disk.key);
    const bus = chooseBus(disk, { context, os, index, bootOrder, lun: use.lun });
    const reservation = mapPassthrough(disk, { vm, context, index, use, ledger });
    devices.push(
      toDevice(disk, {
        ...{ index, bus, bootOrder, use, reservation, elsewhere: elsewhere !== undefined, ledger },
        holdsLoader: boot.found === disk.key,
      }),
    );
    volumes.push(toVolume(index, { claim, shared, ledger }));
  }
  if (guessed.length > 0) {
    const advice = 'Give facts about the cluster, or state volumeMode and accessMode in the storage map, for a better one.';
    ledger.concern('storage-mode-unknown', 'disks', `${guessed.join(', ')}: ReadWriteOnce on a file system. ${advice}`);
  }
  const drives = mapCdroms(vm.cdroms, { position: devices.length, facts: context.facts, ledger });
  return { devices: [...devices, ...drives], volumes, claims, placements };
}

/** By the position of the disk, unless it has a claim already, or the one of its position is that of another disk. */
function claimNamer({ options, name, claims = new Map() }: MappingContext): (disk: Disk, index: number) => string {
  const taken = new Set(claims.values());
  return ({ key }, index) => {
    const known = claims.get(key);
    if (known !== undefined) return known;
    let position = index;
    while (taken.has(claimName(options.claimNames, name, position))) position += 1;
    const claim = claimName(options.claimNames, name, position);
    taken.add(claim);
    return claim;
  };
}

function toVolume(
  index: number,
  { claim, shared, ledger }: { claim: string; shared: SharedDisk | undefined; ledger: Ledger },
): Volume {
  ledger.added({
    to: `VirtualMachine/spec.template.spec.volumes[${index}]`,
    value: claim,
    rule: 'disk-volume',
    because:
      shared === undefined
        ? 'The disk is the claim that the copy fills; name and order follow the disks.'
        : 'One claim for all VMs of the plan that use this disk; its name depends on the disk alone.',
  });
  return { name: diskName(index), persistentVolumeClaim: { claimName: claim } };
}

/** Disks that a cluster inside the guests may guard by SCSI reservations, and those that were a LUN at the source. */
function isLun(disk: Disk, vm: SourceVm, { options }: MappingContext): boolean {
  return options.passthroughDisks === 'lun' && (disk.passthrough !== undefined || isClustered(disk, vm));
}

function isClustered({ sharing, slot }: Disk, { controllers }: SourceVm): boolean {
  if (sharing === 'shared-vhdx' || sharing === 'vhd-set') return true;
  const bus = controllers.find(({ key }) => key === slot?.controller)?.sharing;
  return bus === 'virtual' || bus === 'physical';
}

interface PassthroughContext {
  readonly vm: SourceVm;
  readonly context: MappingContext;
  readonly index: number;
  readonly use: DiskUse;
  readonly ledger: Ledger;
}

/** True when persistent reservations of the guest are passed on to the volume. */
function mapPassthrough(disk: Disk, { vm, context, index, use, ledger }: PassthroughContext): boolean {
  if (disk.passthrough !== undefined && context.options.passthroughDisks === 'refuse') {
    ledger.concern(
      'disk-passthrough-refused',
      `disks[${index}].passthrough`,
      `${disk.label} is a whole LUN, and the options refuse those. Leave the VM out, or attach the LUN to the target by other means.`,
    );
  }
  if (!use.lun || !(use.shared || isClustered(disk, vm))) return false;
  const gate = gateState('PersistentReservation', context.facts);
  if (gate === 'on') return true;
  const why = gate === 'off' ? 'is off on the target' : 'is not known to be on';
  ledger.concern(
    'disk-reservation-lost',
    `disks[${index}].${disk.passthrough === undefined ? 'key' : 'passthrough'}`,
    `KubeVirt’s gate PersistentReservation ${why}, so ${disk.label} takes no reservations. Switch it on and plan again with new facts.`,
  );
  return false;
}

interface BusContext {
  readonly context: MappingContext;
  readonly os: GuestOs | undefined;
  readonly index: number;
  readonly bootOrder: number | undefined;
  readonly lun: boolean;
}

function chooseBus(disk: Disk, { context, os, index, bootOrder, lun }: BusContext): DeviceBus {
  if (lun)
    return { value: 'scsi', because: 'SCSI commands of the guest reach the volume; the guest needs the virtio SCSI driver.' };
  const avoided = context.options.devices === 'compatibility' ? 'Compatible devices were asked for.' : avoidVirtio(context).disks;
  if (avoided !== undefined) {
    if (disk.sectorSize === undefined || disk.sectorSize === SECTOR) {
      const because = `${avoided} SATA is the only bus that boots a guest without virtio drivers.`;
      return {
        value: 'sata',
        because: os?.ahci === false ? `${because} This guest has no SATA driver in the box either: test it.` : because,
      };
    }
    return {
      value: 'virtio',
      against: true,
      because: `SATA disks have ${SECTOR}-byte sectors only, and this one has ${disk.sectorSize}; the guest needs a virtio driver.`,
    };
  }
  if (index >= MAX_VIRTIO_DISKS && bootOrder !== 1) {
    return {
      value: 'scsi',
      because: `Beyond ${MAX_VIRTIO_DISKS} disks PCI ports run short; these share one virtio SCSI controller.`,
    };
  }
  return { value: 'virtio', because: 'The fastest bus; the guest has, or will be given, virtio drivers.' };
}
