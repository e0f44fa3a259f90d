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

/** A disk as the server has it now, or as a snapshot froze it. */
export interface FoundDisk {
  readonly device: VimNode;
  readonly deviceKey: number;
}

/**
 * With a snapshot only that is asked: the VM may have lost the disk since, or have another one in its place.
 * @throws MigrationError `vm-not-found`; `snapshot-failed` when it is gone, `disks-changed` when it has no such disk
 */
export async function findDisk(session: Session, request: DiskRequest, signal: AbortSignal): Promise<FoundDisk> {
  const { vm, disk, snapshot } = request;
  if (snapshot === undefined) return diskOf(await requireVm(session, vm, ['config.hardware.device'], signal), request);
  const frozen = await properties(session, snapshotRef(snapshot), ['config.hardware.device'], signal);
  if (frozen !== undefined) return diskOf(frozen, request);
  throw new MigrationError('snapshot-failed', `VM ${vm.name} has no snapshot ${snapshot} any more`, { vm: vm.name, disk });
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

function diskOf(owner: ObjectProperties, { vm, disk, snapshot }: DiskRequest): FoundDisk {
  const devices = sortDevices(members(owner.node('config.hardware.device')));
  const device = devices.disks.find((entry) => diskKey(entry, devices) === disk);
  const deviceKey = device?.number('key');
  if (device !== undefined && deviceKey !== undefined) return { device, deviceKey };
  if (snapshot === undefined)
    throw new MigrationError('vm-not-found', `VM ${vm.name} has no disk ${disk}`, { vm: vm.name, disk });
  throw new MigrationError('disks-changed', `VM ${vm.name} had no disk ${disk} when it was frozen`, { vm: vm.name, disk });
}
