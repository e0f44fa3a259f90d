/** The properties of one VM become a SourceVm. Pure; what the server did not say stays unknown. */
import type { Availability } from '../../../src/model/availability.ts';
import { defined } from '../../../src/model/defined.ts';
import type { Placement, Platform, PowerState, Snapshot, Snapshots, SourceVm, Tag } from '../../../src/model/vm.ts';
import type { ObjectProperties } from '../properties.ts';
import { members, type VimNode } from '../vim/node.ts';
import { type Atlas, datacenterOf, folderPath, poolPath } from './atlas.ts';
import { sortDevices } from './devices.ts';
import { diskKey, type ExtraConfig, readCdroms, readDisks } from './disks.ts';
import { readExtras } from './extras.ts';
import { readGuest } from './guest.ts';
import { bootDisks, readCpu, readFirmware, readIdentity, readMemory } from './hardware.ts';
import { decodeName } from './names.ts';
import { readNics } from './nics.ts';

/** What is known beside the VM's own properties. */
export interface Beside {
  readonly atlas: Atlas;
  /** Names of custom attributes by their key. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Tags by VM id. */
  readonly tags: ReadonlyMap<string, readonly Tag[]>;
  /** Names of storage policies by `vm` and `vm:deviceKey`. */
  readonly policies: ReadonlyMap<string, string>;
}

const POWER: Readonly<Record<string, PowerState>> = { poweredOn: 'on', poweredOff: 'off', suspended: 'suspended' };

const CONNECTIONS: Readonly<Record<string, NonNullable<SourceVm['connection']>>> = {
  connected: 'connected',
  disconnected: 'disconnected',
  inaccessible: 'inaccessible',
  invalid: 'invalid',
  orphaned: 'orphaned',
};

export function toVm(vm: ObjectProperties, beside: Beside): SourceVm {
  const { id } = vm.ref;
  const { atlas } = beside;
  // The name of an inaccessible VM is the path of its configuration file.
  const name = decodeName(vm.string('name') ?? id);
  const { extra, names } = readExtraConfig(vm);
  const hardware = vm.node('config.hardware.device');
  const devices = sortDevices(members(hardware));
  const host = atlas.hosts.get(vm.reference('runtime.host')?.id ?? '');
  const cluster = clusterOf(vm, atlas);
  const diskKeys = new Map(devices.disks.map((device) => [device.string('key') ?? '', diskKey(device, devices)]));
  const tags = beside.tags.get(id) ?? [];
  const attributes = readAttributes(vm, beside);
  const policies = new Map([...diskKeys.keys()].flatMap((key) => named(key, beside.policies.get(`${id}:${key}`))));
  const placement = readPlacement(vm, beside, { host: host?.name, cluster });
  return {
    ref: { id, name },
    name,
    ...defined({
      power: POWER[vm.string('runtime.powerState') ?? ''],
      connection: CONNECTIONS[vm.string('runtime.connectionState') ?? ''],
      question: vm.node('runtime.question')?.string('text'),
      isTemplate: vm.flag('config.template'),
      encrypted: vm.node('config.keyId') === undefined ? undefined : true,
      notes: vm.string('config.annotation'),
    }),
    cpu: readCpu(vm, extra, cluster?.evcMode),
    memory: readMemory(vm),
    firmware: readFirmware(vm, extra, hardware === undefined ? undefined : devices.tpm),
    identity: readIdentity(vm),
    clock: readClock(extra),
    guest: readGuest(vm, diskKeys),
    controllers: devices.controllers,
    disks: readDisks({ vm, devices, extra, atlas, policies, bootKeys: bootDisks(vm) }),
    cdroms: readCdroms(devices),
    nics: readNics(devices.nics, vm, atlas.networks),
    devices: devices.others,
    snapshots: readSnapshots(vm, hardware !== undefined),
    platform: readPlatform(vm),
    ...defined({ placement, availability: readAvailability(vm, cluster) }),
    ...(tags.length > 0 && { tags }),
    ...(attributes !== undefined && { attributes }),
    extras: readExtras(extra, names),
  };
}

function named(key: string, value: string | undefined): readonly (readonly [string, string])[] {
  return value === undefined ? [] : [[key, value]];
}

function readExtraConfig(vm: ObjectProperties): { readonly extra: ExtraConfig; readonly names: ReadonlyMap<string, string> } {
  const extra = new Map<string, string>();
  const names = new Map<string, string>();
  for (const option of members(vm.node('config.extraConfig'))) {
    const name = option.string('key');
    if (name === undefined) continue;
    const key = name.toLowerCase();
    extra.set(key, option.get('value')?.text ?? '');
    names.set(key, name);
  }
  return { extra, names };
}

function clusterOf(vm: ObjectProperties, atlas: Atlas): ReturnType<Atlas['clusters']['get']> {
  const parent = atlas.places.get(vm.reference('runtime.host')?.id ?? '')?.parent;
  return atlas.clusters.get(parent ?? '');
}

/** `rtc.startTime` and the offset are bookkeeping; only the two switches say how the guest sees the clock. */
function readClock(extra: ExtraConfig): SourceVm['clock'] {
  const seconds = Number(extra.get('rtc.diffFromUTC'.toLowerCase()));
  if (!extra.has('rtc.difffromutc') || !Number.isInteger(seconds) || seconds % 60 !== 0) return {};
  if (seconds === 0) return { rtc: 'utc' };
  const minutes = Math.abs(seconds) / 60;
  const two = (value: number): string => String(value).padStart(2, '0');
  return { rtc: `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` };
}

function readPlatform(vm: ObjectProperties): Platform {
  return { vendor: 'vmware', ...defined({ hardwareVersion: vm.string('config.version') }) };
}

function readPlacement(
  vm: ObjectProperties,
  { atlas, policies }: Beside,
  { host, cluster }: { readonly host: string | undefined; readonly cluster: ReturnType<typeof clusterOf> },
): Placement | undefined {
  const pool = vm.reference('resourcePool');
  // A vApp is a pool too; `parentVApp` is set on the VMs directly in it.
  const vApp = vm.reference('parentVApp') ?? (atlas.places.get(pool?.id ?? '')?.type === 'VirtualApp' ? pool : undefined);
  const hostRules = cluster?.hostRules.get(vm.ref.id);
  const hostId = vm.reference('runtime.host')?.id;
  const placement = defined({
    // A VM of a vApp has no folder of its own.
    datacenter: datacenterOf(atlas.places, vm.reference('parent')?.id ?? hostId),
    cluster: cluster?.name,
    host,
    folder: folderPath(atlas.places, vm.reference('parent')),
    resourcePool: poolPath(atlas.places, pool),
    vApp: vApp === undefined ? undefined : (atlas.places.get(vApp.id)?.name ?? vApp.id),
    storagePolicy: policies.get(vm.ref.id),
    hostRules,
  });
  return Object.keys(placement).length === 0 ? undefined : placement;
}

function readAvailability(vm: ObjectProperties, cluster: ReturnType<typeof clusterOf>): Availability | undefined {
  const faultTolerance = vm.string('runtime.faultToleranceState');
  const availability = defined({
    faultTolerance: faultTolerance === undefined ? undefined : faultTolerance !== 'notConfigured',
    ...cluster?.availability,
    ...cluster?.perVm.get(vm.ref.id),
  });
  return Object.keys(availability).length === 0 ? undefined : availability;
}

/** Custom attributes by name; those whose definition cannot be read by their number. */
function readAttributes(vm: ObjectProperties, beside: Beside): Record<string, string> | undefined {
  const found = members(vm.node('customValue')).flatMap((entry) => {
    const key = entry.string('key');
    const value = entry.string('value');
    return key === undefined || value === undefined ? [] : [[beside.attributes.get(key) ?? key, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** A VM that can be read and has no tree of snapshots has none. */
function readSnapshots(vm: ObjectProperties, readable: boolean): Snapshots {
  const list: Snapshot[] = [];
  const open = [...(vm.node('snapshot')?.list('rootSnapshotList') ?? [])];
  for (let tree = open.pop(); tree !== undefined; tree = open.pop()) {
    list.push(readSnapshot(tree));
    open.push(...tree.list('childSnapshotList'));
  }
  list.sort((a, b) => compare(a.createdAt ?? '', b.createdAt ?? ''));
  return defined({
    count: readable ? list.length : undefined,
    consolidationNeeded: vm.flag('runtime.consolidationNeeded'),
    list: list.length === 0 ? undefined : list,
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readSnapshot(tree: VimNode): Snapshot {
  return {
    name: decodeName(tree.string('name') ?? tree.string('id') ?? ''),
    ...defined({ createdAt: tree.string('createTime') }),
  };
}
