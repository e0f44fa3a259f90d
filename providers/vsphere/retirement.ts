/** Makes a VM so that nobody takes it for the one that was migrated. Each change is looked for first: what is so already stays as it is. */
import type { SourceRetirement } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { AfterCommit } from '../../src/model/source-retirement.ts';
import type { VmRef } from '../../src/model/vm.ts';
import { requireVm, vmRef } from './disk-access.ts';
import { sortDevices } from './inventory/devices.ts';
import { decodeName, encodeName } from './inventory/names.ts';
import { properties, these } from './properties.ts';
import type { Session } from './session.ts';
import { runTask } from './task.ts';
import { type Argument, asRef, type MoRef, members, type Struct, struct, type VimNode } from './vim/node.ts';

/** No inventory is deeper. */
const MOST_PARENTS = 64;

export function sourceRetirement(session: Session): SourceRetirement {
  return {
    retire: async (vm, { rename, folder, disconnectNics }, signal) => {
      // First what protects the network, last what makes the VM harder to find.
      if (disconnectNics === true) await disconnect(session, vm, signal);
      if (rename !== undefined) await addToName(session, { vm, suffix: rename }, signal);
      if (folder !== undefined) await move(session, { vm, folder }, signal);
    },
  };
}

async function addToName(
  session: Session,
  { vm, suffix }: { readonly vm: VmRef; readonly suffix: NonNullable<AfterCommit['rename']> },
  signal: AbortSignal,
): Promise<void> {
  const name = (await requireVm(session, vm, ['name'], signal)).string('name') ?? '';
  const added = encodeName(suffix);
  if (name.endsWith(added)) return;
  await runTask(session, 'Rename_Task', { on: vmRef(vm), args: { newName: `${name}${added}` } }, signal);
}

async function disconnect(session: Session, vm: VmRef, signal: AbortSignal): Promise<void> {
  const found = await requireVm(session, vm, ['config.hardware.device'], signal);
  const { nics } = sortDevices(members(found.node('config.hardware.device')));
  const connected = nics.filter(
    (nic) => nic.flag('connectable', 'connected') === true || nic.flag('connectable', 'startConnected') !== false,
  );
  if (connected.length === 0) return;
  const deviceChange = connected.map((nic) =>
    struct('VirtualDeviceConfigSpec', { operation: 'edit', device: disconnected(nic) }),
  );
  await runTask(session, 'ReconfigVM_Task', { on: vmRef(vm), args: { spec: { fields: { deviceChange } } } }, signal);
}

/** The device as it was read, but for its connection. */
function disconnected(nic: VimNode): Struct {
  const { xsi, fields } = repeated(nic);
  const connectable = { fields: { startConnected: false, allowGuestControl: true, connected: false } };
  const { key, deviceInfo, backing, ...rest } = fields;
  return { ...(xsi !== undefined && { xsi }), fields: { key, deviceInfo, backing, ...rest, connectable } };
}

/** What was read as what is sent: the fields stand in the order of the schema, as the server wrote them. */
function repeated(node: VimNode): Struct {
  const fields: Record<string, Argument> = {};
  for (const { name } of node.children) fields[name] ??= node.list(name).map(argumentOf);
  return { ...(node.type !== undefined && { xsi: node.type }), fields };
}

function argumentOf(node: VimNode): Argument {
  if (node.refType !== undefined) return asRef(node);
  return node.children.length > 0 ? repeated(node) : node.text;
}

async function move(
  session: Session,
  { vm, folder }: { readonly vm: VmRef; readonly folder: string },
  signal: AbortSignal,
): Promise<void> {
  const parent = (await requireVm(session, vm, ['parent'], signal)).reference('parent');
  if (parent === undefined)
    throw new MigrationError('source-refused', `VM ${vm.name} is in a vApp, which keeps its VMs in no folder`, { vm: vm.name });
  let place = await rootOf(session, parent, signal);
  for (const name of folder.split('/').filter((part) => part !== ''))
    place = await childOf(session, { place, name, folder }, signal);
  if (place.id === parent.id) return;
  await runTask(session, 'MoveIntoFolder_Task', { on: place, args: { list: [vmRef(vm)] } }, signal);
}

/** The folder of all VMs of the datacenter. */
async function rootOf(session: Session, from: MoRef, signal: AbortSignal): Promise<MoRef> {
  let place: MoRef = from;
  for (let height = 0; height < MOST_PARENTS; height += 1) {
    const above = (await properties(session, place, ['parent'], signal))?.reference('parent');
    if (above === undefined || above.type === 'Datacenter') return place;
    place = above;
  }
  throw new MigrationError('source-answer-broken', 'The folders of the server have no end');
}

async function childOf(
  session: Session,
  { place, name, folder }: { readonly place: MoRef; readonly name: string; readonly folder: string },
  signal: AbortSignal,
): Promise<MoRef> {
  const entities = members((await properties(session, place, ['childEntity'], signal))?.node('childEntity'));
  const folders = entities.flatMap((entity) => asRef(entity) ?? []).filter(({ type }) => type === 'Folder');
  for await (const found of these(session, folders, { type: 'Folder', paths: ['name'] }, signal)) {
    if (decodeName(found.string('name') ?? '') === name) return found.ref;
  }
  throw new MigrationError('source-refused', `There is no folder ${folder} for VMs in the datacenter: ${name} is missing`, {
    hint: 'Make the folder first.',
  });
}
