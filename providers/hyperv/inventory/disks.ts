/** Controllers, disks with their chains of images, and DVD drives. */

import { defined } from '../../../src/model/defined.ts';
import type { Bytes } from '../../../src/model/units.ts';
import type { Cdrom, Disk, DiskController, DiskFormat, Slot } from '../../../src/model/vm.ts';
import { diskKey } from '../disk-key.ts';
import type { HardDisk, Image, Vm } from '../scripts/vm-answer.ts';
import type { KnownHost } from './known-host.ts';
import { positive, wholeNumber } from './numbers.ts';
import { powerState } from './power-state.ts';
import { storageOf } from './storage.ts';

/** Generation 1 has two IDE controllers, always. */
const IDE_CONTROLLERS = 2;

export function readControllers({ generation, scsiControllers, disks, dvds }: Vm): readonly DiskController[] {
  const used = [...disks, ...dvds].filter(({ controllerType }) => controllerType === 'SCSI');
  const scsi = Math.max(scsiControllers, ...used.map(({ controllerNumber }) => controllerNumber + 1));
  return [
    ...Array.from({ length: generation === 1 ? IDE_CONTROLLERS : 0 }, (_, index) => ({
      key: `ide${index}`,
      kind: 'ide' as const,
    })),
    ...Array.from({ length: scsi }, (_, index) => ({ key: `scsi${index}`, kind: 'scsi' as const })),
  ];
}

export function readDisks(vm: Vm, known: KnownHost): readonly Disk[] {
  const boot = bootDisks(vm);
  return vm.disks.map((drive) => readDisk(drive, { vm, known, rank: boot.indexOf(diskKey(drive)) }));
}

/** Keys of the disks in the order in which the firmware tries them. BIOS knows the first IDE disk only. */
function bootDisks({ firmware, bios, disks }: Vm): readonly string[] {
  if (firmware !== null && firmware !== undefined)
    return firmware.bootOrder.flatMap(({ kind, device }) => (kind === 'disk' && typeof device === 'string' ? [device] : []));
  if (bios?.startupOrder.includes('IDE') !== true) return [];
  return disks
    .filter(({ controllerType }) => controllerType === 'IDE')
    .map(diskKey)
    .toSorted()
    .slice(0, 1);
}

interface Around {
  readonly vm: Vm;
  readonly known: KnownHost;
  /** Below 0: not in the boot order. */
  readonly rank: number;
}

function readDisk(drive: HardDisk, { vm, known, rank }: Around): Disk {
  const [top, ...below] = drive.chain;
  const isWhole = typeof drive.diskNumber === 'number';
  const slot = slotOf(drive);
  const isPmem = drive.controllerType === 'PMEM' || top?.pmem === true;
  return {
    key: diskKey(drive),
    label: `Hard drive ${drive.controllerType} ${drive.controllerNumber}:${drive.controllerLocation}`,
    capacity: wholeNumber(isWhole ? drive.size : top?.size) ?? 0,
    ...(slot !== undefined && { slot }),
    format: isWhole ? { container: 'device' } : formatOf(top),
    ...defined({
      allocated: allocatedOf(drive.chain),
      bootOrder: rank < 0 ? undefined : rank + 1,
      storage: typeof drive.path === 'string' ? storageOf(drive.path, known) : undefined,
      file: drive.path ?? undefined,
      provisioning: top === undefined ? undefined : PROVISIONING[top.type],
      passthrough: isWhole ? ('physical-disk' as const) : undefined,
      ...sharingOf(drive, top),
      sectorSize: top?.logicalSectorSize ?? undefined,
      physicalSectorSize: top?.physicalSectorSize ?? undefined,
      storagePolicy: drive.qosPolicy ?? undefined,
      iopsLimit: positive(drive.maximumIops),
      iopsReservation: positive(drive.minimumIops),
      lun: isWhole ? (drive.uniqueId ?? `disk ${drive.diskNumber}`) : undefined,
      // While the VM runs its host has the image open for it.
      inUse: powerState(vm.state) === 'off' ? (top?.attached ?? undefined) : undefined,
      pmem: isPmem ? true : undefined,
      unreadable: drive.chain.find(({ unreadable }) => typeof unreadable === 'string')?.unreadable ?? undefined,
      parents: below.length === 0 ? undefined : below.map(({ path }) => path),
    }),
  };
}

const PROVISIONING: Readonly<Record<Image['type'], Disk['provisioning']>> = {
  Fixed: 'thick-eager',
  Dynamic: 'thin',
  Differencing: 'thin',
  Unknown: undefined,
};

/** Persistent memory sits on no controller of disks. */
function slotOf({ controllerType, controllerNumber, controllerLocation }: Omit<HardDisk, 'chain'>): Slot | undefined {
  if (controllerType !== 'IDE' && controllerType !== 'SCSI') return undefined;
  return { controller: `${controllerType.toLowerCase()}${controllerNumber}`, unit: controllerLocation };
}

/** A VHD Set names a VHDX. What cannot be told is taken for the usual one. */
function formatOf(image: Image | undefined): DiskFormat {
  const blockSize = image?.blockSize ?? 0;
  return {
    container: image?.format === 'VHD' ? 'vhd' : 'vhdx',
    ...(image !== undefined && image.type !== 'Unknown' && { variant: image.type.toLowerCase() }),
    ...(blockSize > 0 && { blockSize }),
  };
}

/** Images that grow hold what they are long; how much of a fixed one is data its length does not tell. */
function allocatedOf(chain: readonly Image[]): Bytes | undefined {
  const capacity = wholeNumber(chain[0]?.size);
  if (capacity === undefined || chain.some(({ type }) => type === 'Fixed')) return undefined;
  const sizes = chain.map(({ fileSize }) => wholeNumber(fileSize));
  return sizes.reduce<Bytes | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : Math.min(sum + size, capacity)),
    0,
  );
}

function sharingOf({ shared }: HardDisk, top: Image | undefined): Pick<Partial<Disk>, 'shared' | 'sharing'> {
  if (top?.format === 'VHDSet') return { shared: true, sharing: 'vhd-set' };
  if (shared === true) return { shared: true, sharing: 'shared-vhdx' };
  return shared === false ? { shared: false } : {};
}

export function readCdroms({ dvds }: Vm): readonly Cdrom[] {
  return dvds.map(({ controllerType, controllerNumber, controllerLocation, path }) => {
    const controller = `${controllerType.toLowerCase()}${controllerNumber}`;
    return {
      key: `${controller}:${controllerLocation}`,
      ...(controllerType !== 'Unknown' && { slot: { controller, unit: controllerLocation } }),
      ...(typeof path === 'string' && { media: path }),
    };
  });
}
