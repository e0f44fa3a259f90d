/**
 * Changed Block Tracking: switching it on, and asking what changed. A change id is `UUID/number`; the UUID is the count's own identity,
 * and a new one means that the source lost count (Storage vMotion, a crash, a restored snapshot): then everything is compared.
 */
import type { ChangeRequest, ChangeTracking, TrackingState } from '../../src/contracts/change-tracking.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Extent } from '../../src/model/transfer.ts';
import type { VmRef } from '../../src/model/vm.ts';
import { findDisk, requireVm, snapshotRef, vmRef } from './disk-access.ts';
import { sortDevices } from './inventory/devices.ts';
import { diskCapacity, diskKey } from './inventory/disks.ts';
import type { Session } from './session.ts';
import { snapshotControl } from './snapshots.ts';
import { runTask } from './task.ts';
import { VimFault } from './vim/fault.ts';
import { members, type VimNode } from './vim/node.ts';

const STUN_SNAPSHOT = 'kubeferry-enable-change-tracking';
/** Hardware version that brought change tracking. */
const FIRST_VERSION = 7;

/** What servers say when they have lost count. */
const LOST_COUNT =
  /change.?id|fileinfo.*changed|invalid.{0,40}(offset|change)|error caused by file|specified parameter was not correct/i;
/** What they say when there was never one. */
const NOT_TRACKED = /not (enabled|active|supported)|change.?tracking|no such|methodnotfound/i;

export function changeTracking(session: Session): ChangeTracking {
  return {
    enable: (vm, signal) => enable(session, vm, signal),
    changed: (request, signal) => changed(session, request, signal),
  };
}

async function enable(session: Session, vm: VmRef, signal: AbortSignal): Promise<TrackingState> {
  await removeLeftover(session, vm, signal);
  const paths = ['config.changeTrackingEnabled', 'config.version', 'config.hardware.device', 'runtime.powerState', 'snapshot'];
  const found = await requireVm(session, vm, paths, signal);
  const devices = sortDevices(members(found.node('config.hardware.device')));
  const untracked = devices.disks.flatMap((device) => {
    const because = untrackable(device);
    return because === undefined ? [] : [{ disk: diskKey(device, devices), because }];
  });
  const left = new Set(untracked.map(({ disk }) => disk));
  const able = devices.disks.map((device) => diskKey(device, devices)).filter((key) => !left.has(key));
  if (able.length === 0) throw unavailable(vm, 'no disk of it can be tracked');
  const version = Number(/^vmx-(\d+)$/.exec(found.string('config.version') ?? '')?.[1] ?? FIRST_VERSION);
  if (version < FIRST_VERSION) throw unavailable(vm, `its hardware version ${version} is older than ${FIRST_VERSION}`);
  const running = found.string('runtime.powerState') === 'poweredOn';
  const counted = devices.disks.every(
    (device) => untrackable(device) !== undefined || device.string('backing', 'changeId') !== undefined,
  );
  if (found.flag('config.changeTrackingEnabled') === true) {
    // It was asked for and whoever did so did not get to the end, or the VM has not been stunned since.
    if (running && !counted) await stun(session, vm, signal);
    return { tracked: able, untracked };
  }
  if ((found.node('snapshot')?.list('rootSnapshotList').length ?? 0) > 0) {
    throw unavailable(vm, 'it has snapshots, and disks below a snapshot are not counted; remove them first');
  }
  await runTask(
    session,
    'ReconfigVM_Task',
    { on: vmRef(vm), args: { spec: { fields: { changeTrackingEnabled: true } } } },
    signal,
  );
  // The setting takes effect when the disks are opened again: at the next power-on, or when a snapshot stuns the VM for a moment.
  if (running) await stun(session, vm, signal);
  return { tracked: able, untracked };
}

/** Whoever was cut off between making that snapshot and removing it has left it behind. */
async function removeLeftover(session: Session, vm: VmRef, signal: AbortSignal): Promise<void> {
  const snapshots = snapshotControl(session);
  const left = await snapshots.find(vm, STUN_SNAPSHOT, signal);
  if (left !== undefined) await snapshots.remove(vm, left.id, signal);
}

async function stun(session: Session, vm: VmRef, signal: AbortSignal): Promise<void> {
  const snapshots = snapshotControl(session);
  const { id } = await snapshots.create(vm, { name: STUN_SNAPSHOT, quiesce: 'no' }, signal);
  await snapshots.remove(vm, id, signal);
}

function untrackable(device: VimNode): string | undefined {
  const backing = device.get('backing');
  if (backing?.string('diskMode')?.startsWith('independent') === true) return 'it is independent: snapshots leave it out';
  if (backing?.string('compatibilityMode') === 'physicalMode') return 'it is a physical raw device mapping';
  if (backing?.string('sharing') === 'sharingMultiWriter') return 'several VMs write to it';
  return undefined;
}

function unavailable(vm: VmRef, why: string, cause?: unknown): MigrationError {
  return new MigrationError('change-tracking-unavailable', `Changes of VM ${vm.name} cannot be tracked: ${why}`, {
    vm: vm.name,
    cause,
  });
}

async function* changed(session: Session, request: ChangeRequest, signal: AbortSignal): AsyncGenerator<Extent> {
  const { vm, disk, snapshot, since } = request;
  const { deviceKey, device } = await findDisk(session, request, signal);
  const capacity = diskCapacity(device);
  const current = device.string('backing', 'changeId');
  if (current === undefined)
    throw unavailable(vm, `disk ${disk} has no change id${snapshot === undefined ? '' : ' in this snapshot'}`);
  if (since !== 'allocated' && identity(since.checkpoint) !== identity(current)) {
    throw reset(request, 'the count began anew since the last copy');
  }
  const changeId = since === 'allocated' ? '*' : since.checkpoint;
  let offset = 0;
  // Where the last extent ended; a run that touches it is joined to it.
  let open: Extent | undefined;
  while (offset < capacity) {
    const page = await ask(session, { request, deviceKey, offset, changeId }, signal);
    for (const told of page.areas) {
      if (told.offset < (open === undefined ? 0 : open.offset + open.length) || told.offset >= capacity) {
        const what = `The server lists areas of disk ${disk} out of order or beyond its end`;
        throw new MigrationError('source-answer-broken', what, { vm: vm.name, disk });
      }
      // Areas are whole blocks of the count; the last one may reach over the end of the disk.
      const area = { offset: told.offset, length: Math.min(told.length, capacity - told.offset) };
      if (open !== undefined && open.offset + open.length === area.offset)
        open = { offset: open.offset, length: open.length + area.length };
      else {
        if (open !== undefined) yield open;
        open = area;
      }
    }
    if (page.end <= offset) {
      throw new MigrationError('source-answer-broken', `The server stops telling the areas of disk ${disk} at byte ${offset}`, {
        vm: vm.name,
        disk,
      });
    }
    offset = page.end;
  }
  if (open !== undefined) yield open;
}

function identity(changeId: string): string {
  return changeId.split('/', 1)[0]?.trim().toLowerCase() ?? '';
}

interface Question {
  readonly request: ChangeRequest;
  readonly deviceKey: number;
  readonly offset: number;
  readonly changeId: string;
}

/** One `DiskChangeInfo`: areas of a part of the disk, and where that part ends. */
async function ask(
  session: Session,
  { request, deviceKey, offset, changeId }: Question,
  signal: AbortSignal,
): Promise<{ readonly areas: readonly Extent[]; readonly end: number }> {
  // Without a snapshot the VM has to be off (QueryChangedDiskAreas, vSphere API).
  const frozen = request.snapshot === undefined ? {} : { snapshot: snapshotRef(request.snapshot) };
  const args = { ...frozen, deviceKey, startOffset: offset, changeId };
  try {
    const answer = (await session.call('QueryChangedDiskAreas', vmRef(request.vm), args, { signal })).get('returnval');
    const start = answer?.number('startOffset');
    const length = answer?.number('length');
    if (answer === undefined || start === undefined || length === undefined) {
      throw new MigrationError('source-answer-broken', 'QueryChangedDiskAreas answered without a range', { vm: request.vm.name });
    }
    return { areas: answer.list('changedArea').flatMap(toExtent), end: start + length };
  } catch (error) {
    throw error instanceof VimFault ? explain(error, request) : error;
  }
}

function toExtent(area: VimNode): readonly Extent[] {
  const offset = area.number('start');
  const length = area.number('length');
  return offset === undefined || length === undefined || length <= 0 ? [] : [{ offset, length }];
}

function explain(fault: VimFault, request: ChangeRequest): MigrationError {
  if (fault.code !== 'source-refused') return fault;
  const about = fault.detail?.string('invalidProperty') ?? '';
  const lost =
    fault.fault === 'FileFault' || fault.fault === 'NotFound' || /changeId/i.test(about) || LOST_COUNT.test(fault.message);
  if (lost && request.since !== 'allocated') return reset(request, fault.message, fault);
  if (lost || fault.fault === 'MethodNotFound' || NOT_TRACKED.test(fault.message))
    return unavailable(request.vm, fault.message, fault);
  return fault;
}

function reset({ vm, disk }: ChangeRequest, why: string, cause?: unknown): MigrationError {
  return new MigrationError('change-tracking-reset', `The changes of disk ${disk} of VM ${vm.name} are not known: ${why}`, {
    vm: vm.name,
    disk,
    cause,
  });
}
