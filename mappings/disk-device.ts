/** One disk as the guest sees it: name, place in the boot order, serial, sectors, sharing. */
import type { DiskBus, DiskDevice } from '../src/model/manifest.ts';
import type { Disk } from '../src/model/vm.ts';
import type { DiskUse } from './claim-mode.ts';
import { dropBackingFacts } from './disk-backing.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

const DISK_SERIAL = /[^A-Za-z0-9_.+-]/g;
const MAX_SERIAL = 256;
const SECTOR = 512;
/** KubeVirt: 512 bytes to 2 MiB, powers of two. */
const MAX_SECTOR = 2 * 1024 * 1024;

export interface DeviceBus {
  readonly value: DiskBus;
  readonly because: string;
  /** Another bus was asked for, and the disk cannot be on it. */
  readonly against?: true;
}

interface DeviceContext {
  readonly index: number;
  readonly bus: DeviceBus;
  readonly bootOrder: number | undefined;
  /** It comes first because the boot loader was found on it. */
  readonly holdsLoader: boolean;
  readonly use: DiskUse;
  /** Persistent reservations are passed on. */
  readonly reservation: boolean;
  /** The claim is made with another VM. */
  readonly elsewhere: boolean;
  readonly ledger: Ledger;
}

/** Disk and volume share it. */
export function diskName(index: number): string {
  return `disk-${index}`;
}

export function toDevice(disk: Disk, context: DeviceContext): DiskDevice {
  const { index, bus, bootOrder, use, ledger } = context;
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
  noteBus(disk, { from, to, bus, lun: use.lun, ledger });
  noteBootOrder(disk, { from, to, bootOrder, holdsLoader: context.holdsLoader, ledger });
  const serial = mapSerial(disk, { from, to, bus, ledger });
  const sectors = mapSectors(disk, { from, to, bus, ledger });
  noteSharing(disk, { from, to, use, elsewhere: context.elsewhere, ledger });
  const kind = mapKind(disk, { from, to, context, ledger });
  dropBackingFacts(disk, from, ledger);
  return {
    name,
    ...kind,
    ...(bootOrder === undefined ? {} : { bootOrder }),
    ...(serial === undefined ? {} : { serial }),
    ...(use.shared ? { shareable: true, cache: 'none' as const } : {}),
    ...sectors,
  };
}

type Place = { readonly from: string; readonly to: string; readonly ledger: Ledger };

function noteBus(disk: Disk, { from, to, bus, lun, ledger }: Place & { bus: DeviceBus; lun: boolean }): void {
  const { value, because } = bus;
  const entry = { to: lun ? `${to}.lun.bus` : `${to}.disk.bus`, value, rule: 'disk-bus', because };
  if (disk.slot === undefined) ledger.added(entry);
  else ledger.changed({ ...entry, from: `${from}.slot`, was: `${disk.slot.controller}:${disk.slot.unit}` });
  ledger.dropped({
    from: `${from}.key`,
    was: disk.key,
    rule: 'disk-name',
    because: 'The slot of the old virtual hardware; the order of the disks is kept instead.',
  });
}

function noteBootOrder(
  disk: Disk,
  { from, to, bootOrder, holdsLoader, ledger }: Place & Pick<DeviceContext, 'bootOrder' | 'holdsLoader'>,
): void {
  if (bootOrder === undefined) return;
  const entry = {
    to: `${to}.bootOrder`,
    value: bootOrder,
    rule: 'boot-order',
    because: holdsLoader
      ? 'The source states no order, and a look into the guest found the boot loader on this disk.'
      : 'Every disk gets a place: KubeVirt never tries a disk without one once another has one.',
  };
  if (disk.bootOrder === undefined) ledger.added(entry);
  else if (disk.bootOrder === bootOrder) ledger.kept({ ...entry, from: `${from}.bootOrder`, was: disk.bootOrder });
  else ledger.changed({ ...entry, from: `${from}.bootOrder`, was: disk.bootOrder });
}

function mapSerial(disk: Disk, { from, to, bus, ledger }: Place & { bus: DeviceBus }): string | undefined {
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

/** Written only where logical or physical sectors differ from 512 bytes. */
function mapSectors(disk: Disk, { from, to, bus, ledger }: Place & { bus: DeviceBus }): Pick<DiskDevice, 'blockSize'> {
  const rule = 'disk-sectors';
  const logical = disk.sectorSize ?? SECTOR;
  const physical = Math.max(disk.physicalSectorSize ?? logical, logical);
  const usable = isSector(logical) && isSector(physical);
  if (!usable || (logical === SECTOR && physical === SECTOR)) {
    const because = usable ? 'The default of KubeVirt as well.' : 'KubeVirt offers powers of two from 512 bytes to 2 MiB.';
    ledger.dropped({ from: `${from}.sectorSize`, was: disk.sectorSize, rule, because });
    ledger.dropped({ from: `${from}.physicalSectorSize`, was: disk.physicalSectorSize, rule, because });
    return {};
  }
  const path = `${to}.blockSize.custom`;
  const count = 'Partition tables count in sectors: with another size the guest finds no partition.';
  const align = 'The guest aligns what it writes to it.';
  noteSector(disk.sectorSize, { from: `${from}.sectorSize`, to: `${path}.logical`, value: logical, because: count }, ledger);
  const stated = disk.physicalSectorSize;
  noteSector(stated, { from: `${from}.physicalSectorSize`, to: `${path}.physical`, value: physical, because: align }, ledger);
  if (bus.against === true) {
    ledger.concern(
      'disk-sector-bus',
      `${from}.sectorSize`,
      `${disk.label} stays on virtio although another bus would suit the guest. Install the driver in the guest first.`,
    );
  }
  return { blockSize: { custom: { logical, physical } } };
}

function isSector(size: number): boolean {
  return size >= SECTOR && size <= MAX_SECTOR && Number.isInteger(Math.log2(size));
}

function noteSector(
  was: number | undefined,
  { from, to, value, because }: { from: string; to: string; value: number; because: string },
  ledger: Ledger,
): void {
  const rule = 'disk-sectors';
  if (was === undefined) ledger.added({ to, value, rule, because });
  else ledger[was === value ? 'kept' : 'changed']({ from, to, was, value, rule, because });
}

function noteSharing(disk: Disk, { from, to, use, elsewhere, ledger }: Place & { use: DiskUse; elsewhere: boolean }): void {
  const rule = 'disk-shared';
  if (!use.shared) {
    const because = 'Only this VM uses the disk, as everywhere by default.';
    ledger.dropped({ from: `${from}.shared`, was: disk.shared, rule, because });
    ledger.dropped({ from: `${from}.sharing`, was: disk.sharing, rule, because });
    return;
  }
  const shareable = { to: `${to}.shareable`, value: true, rule, because: 'Several VMs use the disk at once.' };
  if (elsewhere && disk.shared !== undefined) ledger.changed({ ...shareable, from: `${from}.shared`, was: disk.shared });
  else if (disk.sharing === undefined) ledger.added(shareable);
  if (disk.sharing !== undefined) ledger.changed({ ...shareable, from: `${from}.sharing`, was: disk.sharing });
  ledger.added({
    to: `${to}.cache`,
    value: 'none',
    rule,
    because: 'A cache of the host would hide one VM’s writes from the other.',
  });
}

type Kind =
  | { readonly disk: { readonly bus: DiskBus } }
  | { readonly lun: { readonly bus: 'scsi'; readonly reservation?: true } };

function mapKind(disk: Disk, { from, to, context, ledger }: Place & { context: DeviceContext }): Kind {
  const { bus, use, reservation } = context;
  const rule = 'disk-passthrough';
  if (!use.lun) {
    const because = 'The content is copied to a volume; the VM leaves the old LUN.';
    ledger.dropped({ from: `${from}.passthrough`, was: disk.passthrough, rule, because });
    ledger.dropped({ from: `${from}.lun`, was: disk.lun, rule, because });
    return { disk: { bus: bus.value } };
  }
  const entry = {
    to: `${to}.lun`,
    value: 'LUN',
    rule,
    because: 'Asked for as an option: the content is copied, and SCSI commands of the guest reach the new volume.',
  };
  if (disk.passthrough === undefined) ledger.added(entry);
  else ledger.changed({ ...entry, from: `${from}.passthrough`, was: disk.passthrough });
  ledger.dropped({ from: `${from}.lun`, was: disk.lun, rule, because: 'The new volume has an identity of its own.' });
  if (!reservation) return { lun: { bus: 'scsi' } };
  ledger.added({
    to: `${to}.lun.reservation`,
    value: true,
    rule,
    because: 'The cluster inside the guests keeps its peace by SCSI reservations.',
  });
  return { lun: { bus: 'scsi', reservation: true } };
}
