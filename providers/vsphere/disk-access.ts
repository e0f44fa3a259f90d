/** Finding a disk and what freezes it, by the key under which everybody else knows it. */
import { MigrationError } from '../../src/model/errors.ts';
import type { VmRef } from '../../src/model/vm.ts';
import { sortDevices } from './inventory/devices.ts';
import { diskKey } from './inventory/disks.ts';
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
