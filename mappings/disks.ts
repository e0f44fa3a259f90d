/**
 * Disks → devices of the VM and their volumes, CD-ROM drives after them. The claims behind the volumes are made in storage.ts; what the
 * backing of a disk loses is said in disk-backing.ts.
 */
import type { GuestOs } from '../src/model/guest-os/row.ts';
import type { DiskBus, DiskDevice, PersistentVolumeClaim, Volume } from '../src/model/manifest.ts';
import type { DiskPlacement } from '../src/model/mapping.ts';
import type { Disk, SourceVm } from '../src/model/vm.ts';
import type { BootOrder } from './boot-order.ts';
import { mapCdrom } from './cdroms.ts';
import type { MappingContext } from './context.ts';
import { dropBackingFacts } from './disk-backing.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { claimName } from './names.ts';
import { isModeGuessed, mapClaim } from './storage.ts';

/** Each virtio disk takes a PCI port of its own, and a q35 machine has about thirty; further disks share one SCSI controller. */
const MAX_VIRTIO_DISKS = 20;
const DISK_SERIAL = /[^A-Za-z0-9_.+-]/g;
const MAX_SERIAL = 256;
const SECTOR = 512;

export interface MappedDisks {
  readonly devices: readonly DiskDevice[];
  readonly volumes: readonly Volume[];
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
  const placements = vm.disks.map((disk, index) => ({ disk: disk.key, claim: claimName(context.name, index) }));
  const claims = vm.disks.map((disk, index) => mapClaim(disk, { context, index, claim: claimName(context.name, index), ledger }));
  const guessed = vm.disks.filter((disk) => isModeGuessed(disk, context)).map(({ label }) => label);
  if (guessed.length > 0) {
    const advice = 'Give facts about the cluster, or state volumeMode and accessMode in the storage map, for a better one.';
    ledger.concern('storage-mode-unknown', 'disks', `${guessed.join(', ')}: ReadWriteOnce on a file system. ${advice}`);
  }
  const devices = vm.disks.map((disk, index) => {
    const bus = chooseBus(disk, { context, os, index, bootOrder: boot.disks.get(disk.key) });
    return toDevice(disk, { index, bus, bootOrder: boot.disks.get(disk.key), ledger });
  });
  const cdroms = vm.cdroms.map((drive, index) => mapCdrom(drive, { index, position: devices.length + index, ledger }));
  const volumes = vm.disks.map((_disk, index) => toVolume(index, { claim: claimName(context.name, index), ledger }));
  return { devices: [...devices, ...cdroms], volumes, claims, placements };
}

/** Disk and volume share it. */
function diskName(index: number): string {
  return `disk-${index}`;
}

function toVolume(index: number, { claim, ledger }: { claim: string; ledger: Ledger }): Volume {
  ledger.added({
    to: `VirtualMachine/spec.template.spec.volumes[${index}]`,
    value: claim,
    rule: 'disk-volume',
    because: 'The disk is the claim that the copy fills; name and order follow the disks.',
  });
  return { name: diskName(index), persistentVolumeClaim: { claimName: claim } };
}

interface Bus {
  readonly value: DiskBus;
  readonly because: string;
}

function chooseBus(
  disk: Disk,
  {
    context,
    os,
    index,
    bootOrder,
  }: { context: MappingContext; os: GuestOs | undefined; index: number; bootOrder: number | undefined },
): Bus {
  if (context.options.devices === 'compatibility') {
    if (disk.sectorSize === undefined || disk.sectorSize === SECTOR) {
      const because = 'Compatible devices were asked for; SATA is the only bus that boots a guest without virtio drivers.';
      return {
        value: 'sata',
        because: os?.ahci === false ? `${because} This guest has no SATA driver in the box either: test it.` : because,
      };
    }
    return {
      value: 'virtio',
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

interface DeviceContext {
  readonly index: number;
  readonly bus: Bus;
  readonly bootOrder: number | undefined;
  readonly ledger: Ledger;
}

function toDevice(disk: Disk, { index, bus, bootOrder, ledger }: DeviceContext): DiskDevice {
  const from = `disks[${index}]`;
  const to = `${DOMAIN}.devices.disks[${index}]`;
  const name = diskName(index);
  ledger.changed({
    from: `${from}.label`,
    to: `${to}.name`,
    was: disk.label,
    value: name,
    rule: 'disk-name',
    because: 'Disk and volume are tied by a name of Kubernetes form; disks keep their order.',
  });
  noteBus(disk, { from, to, bus, ledger });
  noteBootOrder(disk, { from, to, bootOrder, ledger });
  const serial = mapSerial(disk, { from, to, bus, ledger });
  const sectors = mapSectors(disk, { from, to, bus, ledger });
  if (disk.shared === true) {
    ledger.added({ to: `${to}.shareable`, value: true, rule: 'disk-shared', because: 'Several VMs use the disk at once.' });
    ledger.added({
      to: `${to}.cache`,
      value: 'none',
      rule: 'disk-shared',
      because: 'A cache of the host would hide one VM’s writes from the other.',
    });
  } else {
    ledger.dropped({
      from: `${from}.shared`,
      was: disk.shared,
      rule: 'disk-shared',
      because: 'Only this VM uses the disk, as everywhere by default.',
    });
  }
  dropBackingFacts(disk, from, ledger);
  return {
    name,
    disk: { bus: bus.value },
    ...(bootOrder === undefined ? {} : { bootOrder }),
    ...(serial === undefined ? {} : { serial }),
    ...(disk.shared === true ? { shareable: true, cache: 'none' as const } : {}),
    ...sectors,
  };
}

type Place = { readonly from: string; readonly to: string; readonly ledger: Ledger };

function noteBus(disk: Disk, { from, to, bus, ledger }: Place & { bus: Bus }): void {
  const { value, because } = bus;
  const entry = { to: `${to}.disk.bus`, value, rule: 'disk-bus', because };
  if (disk.slot === undefined) ledger.added(entry);
  else ledger.changed({ ...entry, from: `${from}.slot`, was: `${disk.slot.controller}:${disk.slot.unit}` });
  ledger.dropped({
    from: `${from}.key`,
    was: disk.key,
    rule: 'disk-name',
    because: 'The slot of the old virtual hardware; the order of the disks is kept instead.',
  });
}

function noteBootOrder(disk: Disk, { from, to, bootOrder, ledger }: Place & { bootOrder: number | undefined }): void {
  if (bootOrder === undefined) return;
  const entry = {
    to: `${to}.bootOrder`,
    value: bootOrder,
    rule: 'boot-order',
    because: 'Every disk gets a place: KubeVirt never tries a disk without one once another has one.',
  };
  if (disk.bootOrder === undefined) ledger.added(entry);
  else if (disk.bootOrder === bootOrder) ledger.kept({ ...entry, from: `${from}.bootOrder`, was: disk.bootOrder });
  else ledger.changed({ ...entry, from: `${from}.bootOrder`, was: disk.bootOrder });
}

function mapSerial(disk: Disk, { from, to, bus, ledger }: Place & { bus: Bus }): string | undefined {
  if (disk.serial === undefined) return undefined;
  const serial = disk.serial.replaceAll(DISK_SERIAL, '').slice(0, MAX_SERIAL);
  const rule = 'disk-serial';
  if (serial === '') {
    ledger.dropped({
      from: `${from}.serial`,
      was: disk.serial,
      rule,
      because: 'KubeVirt allows letters, digits and _ . + - only, and nothing is left.',
    });
    return undefined;
  }
  const cut = bus.value === 'virtio' && serial.length > 20 ? ' Through virtio the guest reads the first 20 characters.' : '';
  const entry = { from: `${from}.serial`, to: `${to}.serial`, was: disk.serial, value: serial, rule };
  if (serial === disk.serial) ledger.kept({ ...entry, because: `The guest may know the disk by its serial number.${cut}` });
  else ledger.changed({ ...entry, because: `KubeVirt allows letters, digits and _ . + - only.${cut}` });
  return serial;
}

function mapSectors(disk: Disk, { from, to, bus, ledger }: Place & { bus: Bus }): Pick<DiskDevice, 'blockSize'> {
  const size = disk.sectorSize;
  const rule = 'disk-sectors';
  if (size === undefined || size === SECTOR) {
    ledger.dropped({ from: `${from}.sectorSize`, was: size, rule, because: 'The default of KubeVirt as well.' });
    return {};
  }
  ledger.kept({
    from: `${from}.sectorSize`,
    to: `${to}.blockSize`,
    was: size,
    value: size,
    rule,
    because: 'Partition tables count in sectors: with another size the guest finds no partition.',
  });
  if (bus.value === 'virtio' && bus.because.startsWith('SATA')) {
    ledger.concern(
      'disk-sector-bus',
      `${from}.sectorSize`,
      `${disk.label} stays on virtio although compatible devices were asked for. Install the driver in the guest first.`,
    );
  }
  return { blockSize: { custom: { logical: size, physical: size } } };
}
