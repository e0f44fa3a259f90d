/** Freezing the disks of a VM, and undoing it to the last merged block. */
import type { SnapshotControl, SnapshotRequest, SourceSnapshot } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmRef } from '../../src/model/vm.ts';
import { requireVm, snapshotRef, vmRef } from './disk-access.ts';
import { sortDevices } from './inventory/devices.ts';
import { diskKey } from './inventory/disks.ts';
import { decodeName } from './inventory/names.ts';
import { properties } from './properties.ts';
import type { Session } from './session.ts';
import { runTask, settle } from './task.ts';
import { isFault, VimFault } from './vim/fault.ts';
import { asRef, members, type VimNode } from './vim/node.ts';

/** The server could not quiesce the guest; a snapshot without is still possible. */
const QUIESCE_FAULTS = [
  'ApplicationQuiesceFault',
  'FilesystemQuiesceFault',
  'SnapshotFault',
  'ApproximateQuiesce',
  'ToolsUnavailable',
  'VmToolsUpgradeFault',
  'GenericVmConfigFault',
];

/** What servers say about VMs that cannot be frozen at all, and what helps. */
const CAUSES: readonly { readonly said: RegExp; readonly hint: string }[] = [
  { said: /physical.{0,20}(rdm|compat|raw)|raw device/i, hint: 'The VM has a physical raw device mapping: migrate it cold.' },
  { said: /bus.?sharing|shared bus/i, hint: 'The VM shares a SCSI bus with others: migrate it cold.' },
  { said: /multi.?writer/i, hint: 'The VM has a multi-writer disk: migrate it cold.' },
  { said: /independent/i, hint: 'The VM has an independent disk, which snapshots leave out: migrate it cold.' },
  {
    said: /passthrough|direct.?path|vgpu|nvidia/i,
    hint: 'A device passed through to the VM forbids snapshots while it runs: migrate it cold.',
  },
  { said: /fault tolerance/i, hint: 'Switch fault tolerance off first.' },
  {
    said: /too many|maximum|more than \d+ (levels|snapshots)/i,
    hint: 'The VM has as many snapshots as it can have: remove old ones.',
  },
  { said: /space/i, hint: 'Free space on the datastore of the VM.' },
];

/** `vim.vm.Snapshot.remove`, `VirtualMachine.removeAllSnapshots`, `VirtualMachine.consolidateDisks`. */
const REMOVAL = /snapshot.*remove|remove.*snapshot|consolidate/i;
/** `VirtualMachine.createSnapshot`, `createSnapshotEx`. */
const CREATION = /createSnapshot/i;

export function snapshotControl(session: Session): SnapshotControl {
  return {
    create: (vm, request, signal) => create(session, { vm, request }, signal),
    find: async (vm, name, signal) => {
      const tree = await findNamed(session, vm, name, signal);
      return tree === undefined ? undefined : await describe(session, { vm, tree }, signal);
    },
    remove: (vm, id, signal) => remove(session, { vm, id }, signal),
  };
}

async function create(
  session: Session,
  { vm, request }: { readonly vm: VmRef; readonly request: SnapshotRequest },
  signal: AbortSignal,
): Promise<SourceSnapshot> {
  const earlier = await findNamed(session, vm, request.name, signal);
  if (earlier !== undefined) return await describe(session, { vm, tree: earlier }, signal);
  const before = await requireVm(session, vm, ['runtime.powerState'], signal);
  const wasOff = before.string('runtime.powerState') === 'poweredOff';
  const because = request.quiesce === 'no' ? undefined : await attempt(session, { vm, request, quiesce: true }, signal);
  if (request.quiesce === 'no' || because !== undefined) await attempt(session, { vm, request, quiesce: false }, signal);
  const tree = await findNamed(session, vm, request.name, signal);
  if (tree === undefined)
    throw new MigrationError('snapshot-failed', `The new snapshot of ${vm.name} is not there`, { vm: vm.name });
  return await describe(session, { vm, tree, because, wasOff }, signal);
}

/** Why it could not be quiesced where that may be; undefined when the snapshot is made. */
async function attempt(
  session: Session,
  { vm, request, quiesce }: { readonly vm: VmRef; readonly request: SnapshotRequest; readonly quiesce: boolean },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, description = '' } = request;
  try {
    await runTask(session, 'CreateSnapshot_Task', { on: vmRef(vm), args: { name, description, memory: false, quiesce } }, signal);
    return undefined;
  } catch (error) {
    if (quiesce && request.quiesce === 'preferred' && isFault(error, ...QUIESCE_FAULTS)) return error.message;
    throw explain(error, vm, 'cannot be frozen');
  }
}

function explain(error: unknown, vm: VmRef, what: string): unknown {
  if (!(error instanceof VimFault) || error.code !== 'source-refused') return error;
  const hint = CAUSES.find(({ said }) => said.test(error.message))?.hint;
  return new MigrationError('snapshot-failed', `VM ${vm.name} ${what}: ${error.message}`, {
    vm: vm.name,
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

/** A snapshot is in no list before it is complete; one that is being made, by a call whose answer was lost, is waited for. */
async function findNamed(session: Session, vm: VmRef, name: string, signal: AbortSignal): Promise<VimNode | undefined> {
  const matches = (entry: VimNode) => decodeName(entry.string('name') ?? '') === name;
  const found = await findTree(session, vm, matches, signal);
  if (found !== undefined) return found;
  await settle(session, vmRef(vm), CREATION, signal);
  return await findTree(session, vm, matches, signal);
}

async function findTree(
  session: Session,
  vm: VmRef,
  matches: (entry: VimNode) => boolean,
  signal: AbortSignal,
): Promise<VimNode | undefined> {
  const found = await requireVm(session, vm, ['snapshot'], signal);
  const open = [...(found.node('snapshot')?.list('rootSnapshotList') ?? [])];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    if (matches(entry)) return entry;
    open.push(...entry.list('childSnapshotList'));
  }
  return undefined;
}

interface Described {
  readonly vm: VmRef;
  readonly tree: VimNode;
  /** Why it could not be quiesced. */
  readonly because?: string | undefined;
  /** It was made just now, of a VM that was off. Nobody knows that of one that is found later. */
  readonly wasOff?: boolean;
}

async function describe(
  session: Session,
  { vm, tree, because, wasOff = false }: Described,
  signal: AbortSignal,
): Promise<SourceSnapshot> {
  const ref = tree.get('snapshot');
  const id = ref === undefined ? undefined : asRef(ref)?.id;
  if (id === undefined) throw new MigrationError('source-answer-broken', `A snapshot of ${vm.name} has no id`, { vm: vm.name });
  // A VM that was off had nothing to flush. `state` does not tell: without memory, every snapshot is that of a VM that is off.
  const still = tree.flag('quiesced') === true || wasOff;
  return {
    id,
    name: decodeName(tree.string('name') ?? id),
    consistency: still ? 'filesystem' : 'crash',
    ...(because !== undefined && !still && { because }),
    checkpoints: await readCheckpoints(session, id, signal),
  };
}

/** Change ids of the frozen disks by disk key. */
async function readCheckpoints(session: Session, snapshot: string, signal: AbortSignal): Promise<Record<string, string>> {
  const found = await properties(session, snapshotRef(snapshot), ['config.hardware.device'], signal);
  const devices = sortDevices(members(found?.node('config.hardware.device')));
  return Object.fromEntries(
    devices.disks.flatMap((device) => {
      const changeId = device.string('backing', 'changeId');
      return changeId === undefined ? [] : [[diskKey(device, devices), changeId] as const];
    }),
  );
}

async function remove(
  session: Session,
  { vm, id }: { readonly vm: VmRef; readonly id: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    const there = await findTree(session, vm, (entry) => entry.ref('snapshot')?.id === id, signal);
    if (there !== undefined) {
      const args = { removeChildren: false, consolidate: true };
      await runTask(session, 'RemoveSnapshot_Task', { on: snapshotRef(id), args }, signal).catch((error: unknown) => {
        if (!isFault(error, 'ManagedObjectNotFound')) throw error;
      });
      // It leaves the tree before its blocks are merged; who asks again after a lost answer has to wait all the same.
    } else await settle(session, vmRef(vm), REMOVAL, signal);
    // The server may drop the snapshot and leave its delta files behind; the VM then runs on a chain that only grows.
    const after = await requireVm(session, vm, ['runtime.consolidationNeeded'], signal);
    if (after.flag('runtime.consolidationNeeded') === true)
      await runTask(session, 'ConsolidateVMDisks_Task', { on: vmRef(vm) }, signal);
  } catch (error) {
    throw explain(error, vm, 'keeps a snapshot');
  }
}
