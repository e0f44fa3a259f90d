/**
 * Where the bytes of a disk can be had. A datastore hands out ranges of a flat file that nobody writes to; everything else goes through
 * an export lease. What a server really does is found by asking it for one byte, never assumed.
 */
import { MigrationError } from '../../src/model/errors.ts';
import type { DiskSource } from '../../src/model/transfer.ts';
import type { VmRef } from '../../src/model/vm.ts';
import type { Http } from './http.ts';
import type { Datastore } from './inventory/atlas.ts';
import { sortDevices } from './inventory/devices.ts';
import { diskCapacity, diskKey } from './inventory/disks.ts';
import { type ObjectProperties, properties } from './properties.ts';
import type { Session } from './session.ts';
import { type MoRef, members, type VimNode } from './vim/node.ts';

export interface DiskRequest {
  readonly vm: VmRef;
  readonly disk: string;
  /** Managed object id of the snapshot whose frozen disk is meant. */
  readonly snapshot?: string;
}

/** A disk of a VM as the server has it now. */
export interface FoundDisk {
  readonly device: VimNode;
  readonly deviceKey: number;
  readonly vm: ObjectProperties;
}

const VM_PATHS = ['name', 'runtime.powerState', 'config.hardware.device', 'config.keyId'];

/** @throws MigrationError `vm-not-found` */
export async function findDisk(session: Session, { vm, disk }: DiskRequest, signal: AbortSignal): Promise<FoundDisk> {
  const found = await requireVm(session, vm, VM_PATHS, signal);
  const device = deviceOf(found, disk);
  const deviceKey = device?.number('key');
  if (device === undefined || deviceKey === undefined) {
    throw new MigrationError('vm-not-found', `VM ${vm.name} has no disk ${disk}`, { vm: vm.name, disk });
  }
  return { device, deviceKey, vm: found };
}

/** @throws MigrationError `vm-not-found` */
export async function requireVm(
  session: Session,
  vm: VmRef,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ObjectProperties> {
  const found = await properties(session, vmRef(vm), paths, signal);
  if (found !== undefined) return found;
  throw new MigrationError('vm-not-found', `${session.http.host} holds no VM ${vm.name} (${vm.id})`, { vm: vm.name });
}

export function vmRef({ id }: Pick<VmRef, 'id'>): MoRef {
  return { type: 'VirtualMachine', id };
}

export function snapshotRef(id: string): MoRef {
  return { type: 'VirtualMachineSnapshot', id };
}

function deviceOf(owner: ObjectProperties, disk: string): VimNode | undefined {
  const devices = sortDevices(members(owner.node('config.hardware.device')));
  return devices.disks.find((device) => diskKey(device, devices) === disk);
}

/** The disk as the snapshot froze it. @throws MigrationError `snapshot-failed` */
export async function frozenDisk(
  session: Session,
  request: DiskRequest & { readonly snapshot: string },
  signal: AbortSignal,
): Promise<VimNode> {
  const snapshot = await properties(session, snapshotRef(request.snapshot), ['config.hardware.device'], signal);
  const device = snapshot === undefined ? undefined : deviceOf(snapshot, request.disk);
  if (device !== undefined) return device;
  const what =
    snapshot === undefined ? `has no snapshot ${request.snapshot} any more` : `had no disk ${request.disk} when it was frozen`;
  throw new MigrationError('snapshot-failed', `VM ${request.vm.name} ${what}`, { vm: request.vm.name, disk: request.disk });
}

/** @throws MigrationError `vm-not-found`, `disk-unreachable`, `snapshot-failed` */
export async function openDisk(
  session: Session,
  request: DiskRequest,
  { origin, datastores }: { readonly origin: string; readonly datastores: ReadonlyMap<string, Datastore> },
  signal: AbortSignal,
): Promise<DiskSource> {
  const { vm, snapshot } = request;
  const { device: current, deviceKey, vm: found } = await findDisk(session, request, signal);
  if (snapshot === undefined && found.string('runtime.powerState') === 'poweredOn') {
    throw new MigrationError('disk-unreachable', `VM ${vm.name} is running and locks its disks`, {
      vm: vm.name,
      disk: request.disk,
      hint: 'Power the VM off, or copy from a snapshot (warm migration).',
    });
  }
  const device = snapshot === undefined ? current : await frozenDisk(session, { ...request, snapshot }, signal);
  const capacity = diskCapacity(device);
  const way = flatFile(device, { datastores, encrypted: found.node('config.keyId') !== undefined });
  const refused = typeof way === 'string' ? way : await probe(session.http, { path: way.path, capacity }, signal);
  if (typeof way !== 'string' && refused === undefined) {
    return {
      kind: 'range',
      url: `${origin}${way.path}`,
      capacity,
      because: 'The datastore hands out ranges of the frozen file.',
    };
  }
  const of =
    snapshot === undefined
      ? ({ type: 'VirtualMachine', id: vm.id } as const)
      : ({ type: 'VirtualMachineSnapshot', id: snapshot } as const);
  return { kind: 'lease', server: origin, of, deviceKey, capacity, because: `No ranges: ${refused}.` };
}

/** Path of the flat file in the datastore browser, or why there is none. */
function flatFile(
  device: VimNode,
  { datastores, encrypted }: { readonly datastores: ReadonlyMap<string, Datastore>; readonly encrypted: boolean },
): { readonly path: string } | string {
  const backing = device.get('backing');
  if (encrypted || backing?.get('keyId') !== undefined) return 'the disk is encrypted';
  if (backing?.type === 'VirtualDiskRawDiskMappingVer1BackingInfo') return 'the disk is a raw device mapping';
  if (backing?.type !== 'VirtualDiskFlatVer2BackingInfo') return `the disk is no flat file (${backing?.type ?? 'no backing'})`;
  if (backing.get('parent') !== undefined) return 'the disk is the child of an older snapshot';
  const datastore = datastores.get(backing.ref('datastore')?.id ?? '');
  if (datastore === undefined) return 'the datastore is not visible to this account';
  if (datastore.kind === 'vsan' || datastore.kind === 'vvol') return `a ${datastore.kind} datastore has no files to read`;
  const file = /^\[[^\]]*\]\s*(.+)\.vmdk$/.exec(backing.string('fileName') ?? '')?.[1];
  if (file === undefined) return 'the file has no name';
  const path = `${file}-flat.vmdk`.split('/').map(encodeURIComponent).join('/');
  const dsName = encodeURIComponent(datastore.name);
  return { path: `/folder/${path}?dcPath=${encodeURIComponent(datastore.dcPath)}&dsName=${dsName}` };
}

/** Asks for the first byte. Says why ranges cannot be had; undefined when they can. */
async function probe(
  http: Http,
  { path, capacity }: { readonly path: string; readonly capacity: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await http.request({ method: 'GET', path, headers: { range: 'bytes=0-0' } }, signal);
  // A server that ignores the range would send the whole disk: the connection is given up instead.
  await http.discard(answer);
  if (answer.statusCode === 200) return 'the server ignores ranges';
  if (answer.statusCode !== 206) return `the server answered with HTTP status ${answer.statusCode}`;
  const total = /^bytes 0-0\/(\d+)$/.exec(String(answer.headers['content-range'] ?? ''))?.[1];
  if (total === undefined) return 'the server does not say which range it gave';
  return Number(total) === capacity ? undefined : `the file has ${total} bytes where the disk has ${capacity}`;
}
