/** Virtual disks and drives. */

import { defined } from '../../../src/model/defined.ts';
import type { Cdrom, Disk } from '../../../src/model/vm.ts';
import type { ObjectProperties } from '../properties.ts';
import { members, type VimNode } from '../vim/node.ts';
import type { Atlas } from './atlas.ts';
import type { Devices } from './devices.ts';

/** Settings of `config.extraConfig` by lower-case key. */
export type ExtraConfig = ReadonlyMap<string, string>;

const MODES: Readonly<Record<string, NonNullable<Disk['mode']>>> = {
  persistent: 'persistent',
  append: 'independent-nonpersistent',
  undoable: 'independent-nonpersistent',
  nonpersistent: 'independent-nonpersistent',
  independent_persistent: 'independent-persistent',
  independent_nonpersistent: 'independent-nonpersistent',
};

/** Chains of snapshots end long before; a longer one is a loop. */
const MAX_CHAIN = 512;

export interface DiskContext {
  readonly vm: ObjectProperties;
  readonly devices: Devices;
  readonly extra: ExtraConfig;
  readonly atlas: Pick<Atlas, 'datastores'>;
  /** Device keys in the order in which they are tried. */
  readonly bootKeys: readonly number[];
  readonly policies: ReadonlyMap<string, string>;
}

export function readDisks(context: DiskContext): readonly Disk[] {
  const allocated = readAllocated(context.vm);
  return context.devices.disks.map((device) => readDisk(device, context, allocated));
}

/** The key under which a disk is known: its slot, or its key of the vSphere API where the controller is unknown. */
export function diskKey(device: VimNode, { slots }: Pick<Devices, 'slots'>): string {
  const key = device.number('key');
  const slot = key === undefined ? undefined : slots.get(key);
  return slot === undefined ? `disk-${device.string('key') ?? '?'}` : `${slot.controller}:${slot.unit}`;
}

/** Bytes that the guest sees. Servers before 5.5 say it in KiB only. */
export function diskCapacity(device: VimNode): number {
  return device.number('capacityInBytes') ?? (device.number('capacityInKB') ?? 0) * 1024;
}

function readDisk(device: VimNode, context: DiskContext, allocated: ReadonlyMap<string, number>): Disk {
  const { devices, atlas, bootKeys, extra, vm, policies } = context;
  const deviceKey = device.number('key');
  const key = diskKey(device, devices);
  const slot = deviceKey === undefined ? undefined : devices.slots.get(deviceKey);
  const backing = device.get('backing');
  const capacity = diskCapacity(device);
  const datastore = backing?.ref('datastore');
  const storage = datastore === undefined ? undefined : atlas.datastores.get(datastore.id);
  const rank = deviceKey === undefined ? -1 : bootKeys.indexOf(deviceKey);
  const bytes = allocated.get(device.string('key') ?? '');
  const native = device.string('virtualDiskFormat');
  const kind = backing?.type ?? '';
  const uuid = backing?.string('uuid');
  const parents = readParents(backing);
  const sharing = backing?.string('sharing');
  return {
    key,
    label: device.string('deviceInfo', 'label') ?? key,
    capacity,
    ...(slot !== undefined && { slot }),
    format: { container: 'vmdk', ...variantOf(kind) },
    ...defined({
      allocated: bytes === undefined ? undefined : Math.min(bytes, capacity),
      bootOrder: rank < 0 ? undefined : rank + 1,
      storage: storage === undefined ? undefined : { id: storage.id, name: storage.name },
      file: backing?.string('fileName') ?? backing?.string('deviceName'),
      mode: MODES[backing?.string('diskMode') ?? ''],
      provisioning: provisioningOf(backing),
      passthrough: passthroughOf(backing),
      sharing: sharing === 'sharingMultiWriter' ? ('multi-writer' as const) : undefined,
      shared: sharing === undefined ? undefined : sharing === 'sharingMultiWriter',
      encrypted: backing?.get('keyId') === undefined ? undefined : true,
      sectorSize: native === 'native_4k' ? 4096 : undefined,
      // The guest sees the serial only where the VM is told to show it.
      serial: extra.get('disk.enableuuid')?.toLowerCase() === 'true' ? uuid?.replaceAll('-', '').toLowerCase() : undefined,
      changeTracking: trackingOf(key, { backing, vm, extra }),
      storagePolicy: policies.get(device.string('key') ?? ''),
      iopsLimit: positive(device.number('storageIOAllocation', 'limit')),
      iopsReservation: positive(device.number('storageIOAllocation', 'reservation')),
      lun: backing?.string('lunUuid'),
      managedVolume: device.string('vDiskId', 'id'),
      pmem: kind === 'VirtualDiskLocalPMemBackingInfo' ? true : undefined,
      parents: parents.length === 0 ? undefined : parents,
    }),
  };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function variantOf(backing: string): { readonly variant?: string } {
  const variant = {
    VirtualDiskFlatVer1BackingInfo: 'vmfs',
    VirtualDiskFlatVer2BackingInfo: 'vmfs',
    VirtualDiskSeSparseBackingInfo: 'seSparse',
    VirtualDiskSparseVer1BackingInfo: 'vmfsSparse',
    VirtualDiskSparseVer2BackingInfo: 'vmfsSparse',
    VirtualDiskRawDiskMappingVer1BackingInfo: 'vmfsRawDeviceMap',
  }[backing];
  return variant === undefined ? {} : { variant };
}

/** vSphere says nothing where it cannot tell (NFS without its plugin); then nothing is said here. */
function provisioningOf(backing: VimNode | undefined): Disk['provisioning'] {
  const thin = backing?.flag('thinProvisioned');
  if (thin === true) return 'thin';
  if (thin === undefined) return undefined;
  return backing?.flag('eagerlyScrub') === true ? 'thick-eager' : 'thick-lazy';
}

function passthroughOf(backing: VimNode | undefined): Disk['passthrough'] {
  const type = backing?.type ?? '';
  if (type === 'VirtualDiskRawDiskMappingVer1BackingInfo') {
    return backing?.string('compatibilityMode') === 'virtualMode' ? 'rdm-virtual' : 'rdm-physical';
  }
  return type === 'VirtualDiskRawDiskVer2BackingInfo' || type === 'VirtualDiskPartitionedRawDiskVer2BackingInfo'
    ? 'physical-disk'
    : undefined;
}

/** On for the VM, and not off for the disk. A disk with a change id is tracked whatever the settings say. */
function trackingOf(
  key: string,
  { backing, vm, extra }: { readonly backing: VimNode | undefined; readonly vm: ObjectProperties; readonly extra: ExtraConfig },
): boolean | undefined {
  if (backing?.string('changeId') !== undefined) return true;
  const whole = vm.flag('config.changeTrackingEnabled');
  const own = extra.get(`${key}.ctkenabled`)?.toLowerCase();
  return whole === true && own !== undefined ? own === 'true' : whole;
}

/** Images below this one, nearest first, as file names. */
function readParents(backing: VimNode | undefined): readonly string[] {
  const parents: string[] = [];
  for (let parent = backing?.get('parent'); parent !== undefined && parents.length < MAX_CHAIN; parent = parent.get('parent')) {
    const file = parent.string('fileName');
    if (file !== undefined) parents.push(file);
  }
  return parents;
}

/** Bytes on the datastore by device key: all extents of the disk and of its parents. */
function readAllocated(vm: ObjectProperties): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const file of members(vm.node('layoutEx.file'))) {
    const size = file.number('size');
    if (size !== undefined && file.string('type') === 'diskExtent') sizes.set(file.string('key') ?? '', size);
  }
  const allocated = new Map<string, number>();
  for (const disk of members(vm.node('layoutEx.disk'))) {
    const found = disk
      .list('chain')
      .flatMap((unit) => unit.list('fileKey'))
      .map((node) => sizes.get(node.text))
      .filter((size) => size !== undefined);
    if (found.length > 0)
      allocated.set(
        disk.string('key') ?? '',
        found.reduce((sum, size) => sum + size, 0),
      );
  }
  return allocated;
}

export function readCdroms({ cdroms, slots }: Devices): readonly Cdrom[] {
  return cdroms.map((device, index) => {
    const slot = slots.get(device.number('key') ?? Number.NaN);
    const backing = device.get('backing');
    // A drive of the client's or of the host is as good as empty.
    const media = backing?.type === 'VirtualCdromIsoBackingInfo' ? backing.string('fileName') : undefined;
    return {
      key: slot === undefined ? `cdrom${index}` : `${slot.controller}:${slot.unit}`,
      ...(slot !== undefined && { slot }),
      ...defined({ media, connected: device.flag('connectable', 'connected') }),
    };
  });
}
