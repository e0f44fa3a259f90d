/** The part of the doctor that is logged in: privileges, and every way to the bytes of a disk. */
import type { Credentials } from '../../src/contracts/credentials.ts';
import type { Check } from '../../src/contracts/provider.ts';
import type { Address } from './address.ts';
import { attempt, type Finding } from './check.ts';
import { vmRef } from './disk-access.ts';
import type { Http } from './http.ts';
import { buildAtlas } from './inventory/atlas.ts';
import { sortDevices } from './inventory/devices.ts';
import { diskKey } from './inventory/disks.ts';
import { decodeName } from './inventory/names.ts';
import { SURROUNDING } from './inventory/paths.ts';
import { readTags } from './inventory/tags.ts';
import { openDisk } from './open-disk.ts';
import { below, type ObjectProperties, properties } from './properties.ts';
import type { Session } from './session.ts';
import { isFault } from './vim/fault.ts';
import { members } from './vim/node.ts';

/** What a migration does on the source, and the privilege that each needs. */
const PRIVILEGES: readonly string[] = [
  'System.Read',
  'VirtualMachine.Interact.PowerOff',
  'VirtualMachine.Interact.PowerOn',
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.Config.ChangeTracking',
  'VirtualMachine.Provisioning.GetVmFiles',
  'VirtualMachine.Provisioning.DiskRandomRead',
  'Datastore.Browse',
  'Datastore.FileManagement',
  'VApp.Export',
];

/** VMs that are looked at for one that is off; a doctor reads no whole inventory. */
const LOOKED_AT = 250;

export interface Patient {
  readonly session: Session;
  readonly http: Http;
  readonly address: Address;
  readonly login: () => Promise<Credentials>;
}

export async function* diagnoseMigration(patient: Patient, signal: AbortSignal): AsyncGenerator<Check> {
  const { session } = patient;
  yield await attempt({ id: 'privileges', label: 'Privileges' }, signal, () => comparePrivileges(session, signal));
  const vms: ObjectProperties[] = [];
  yield await attempt({ id: 'inventory', label: 'Inventory' }, signal, async () => {
    vms.push(...(await firstVms(session, signal)));
    if (vms.length > 0) return `${vms.length === LOOKED_AT ? `at least ${LOOKED_AT}` : vms.length} VMs are visible`;
    return {
      outcome: 'warning',
      finding: 'no VM is visible',
      todo: 'Give the account a role on the folders of the VMs, with propagation.',
    };
  });
  yield await attempt({ id: 'tags', label: 'Tags' }, signal, () => lookAtTags(patient, vms, signal));
  const off = vms.find((vm) => vm.string('runtime.powerState') === 'poweredOff' && firstDisk(vm) !== undefined);
  yield await attempt({ id: 'range', label: 'Ranges of datastore files' }, signal, () => tryRange(patient, off, signal));
  yield await attempt({ id: 'lease', label: 'Export lease' }, signal, () => tryLease(session, off, signal));
  yield await attempt({ id: 'cbt', label: 'Change tracking' }, signal, () => Promise.resolve(countTracked(vms)));
  yield { id: 'nfc', label: 'TCP port 902', outcome: 'skipped', finding: 'needed only with VDDK, which is not chosen' };
}

async function comparePrivileges(session: Session, signal: AbortSignal): Promise<Finding> {
  const current = await properties(session, session.manager('sessionManager'), ['currentSession'], signal);
  const sessionId = current?.node('currentSession')?.string('key');
  const entity = session.manager('rootFolder');
  try {
    const args = { entity, sessionId, privId: [...PRIVILEGES] };
    const answer = await session.call('HasPrivilegeOnEntities', session.manager('authorizationManager'), args, { signal });
    const granted = new Map(
      answer
        .list('returnval')
        .flatMap((entry) => entry.list('privAvailability'))
        .map((entry) => [entry.string('privId') ?? '', entry.flag('isGranted') === true]),
    );
    const missing = PRIVILEGES.filter((privilege) => granted.get(privilege) !== true);
    if (missing.length === 0) return `all ${PRIVILEGES.length} are granted`;
    return {
      outcome: 'warning',
      finding: `not granted on the root folder: ${missing.join(', ')}`,
      todo: 'Give them to the role of the account, at least on the VMs and datastores that are migrated.',
    };
  } catch (error) {
    if (isFault(error, 'MethodNotFound', 'NotSupported')) return { outcome: 'skipped', finding: 'the server cannot be asked' };
    throw error;
  }
}

async function firstVms(session: Session, signal: AbortSignal): Promise<readonly ObjectProperties[]> {
  const paths = [
    'name',
    'runtime.powerState',
    'config.hardware.device',
    'config.changeTrackingEnabled',
    'capability.changeTrackingSupported',
  ];
  const found: ObjectProperties[] = [];
  for await (const vm of below(session, session.manager('rootFolder'), [{ type: 'VirtualMachine', paths }], signal)) {
    found.push(vm);
    if (found.length === LOOKED_AT) break;
  }
  return found;
}

async function lookAtTags(
  { session, http, login }: Patient,
  vms: readonly ObjectProperties[],
  signal: AbortSignal,
): Promise<Finding> {
  if (session.about.apiType !== 'VirtualCenter') return { outcome: 'skipped', finding: 'a standalone ESXi has none' };
  const { trouble } = await readTags(http, { vms: vms.map(({ ref }) => ref.id), credentials: await login() }, signal);
  if (trouble === undefined) return 'readable';
  return { outcome: 'warning', finding: trouble, todo: 'VMs are migrated without their tags, and cannot be selected by them.' };
}

function firstDisk(vm: ObjectProperties): string | undefined {
  const devices = sortDevices(members(vm.node('config.hardware.device')));
  const [device] = devices.disks;
  return device === undefined ? undefined : diskKey(device, devices);
}

const NONE_OFF: Finding = { outcome: 'skipped', finding: 'no VM is off; disks of running VMs are locked' };

function refOf(vm: ObjectProperties): { readonly id: string; readonly name: string } {
  return { id: vm.ref.id, name: decodeName(vm.string('name') ?? vm.ref.id) };
}

async function tryRange({ session, address }: Patient, off: ObjectProperties | undefined, signal: AbortSignal): Promise<Finding> {
  const disk = off === undefined ? undefined : firstDisk(off);
  if (off === undefined || disk === undefined) return NONE_OFF;
  const { datastores } = buildAtlas(await Array.fromAsync(below(session, session.manager('rootFolder'), SURROUNDING, signal)));
  const vm = refOf(off);
  const source = await openDisk(session, { vm, disk }, { address, datastores }, signal);
  if (source.kind === 'range') return `disk ${disk} of ${vm.name} is handed out in ranges`;
  const because = source.kind === 'lease' ? source.because : '';
  return {
    outcome: 'warning',
    finding: `disk ${disk} of ${vm.name}: ${because}`,
    todo: 'Disks are exported as streams instead: slower, and no deltas.',
  };
}

/** Takes a lease and gives it back at once. */
async function tryLease(session: Session, off: ObjectProperties | undefined, signal: AbortSignal): Promise<Finding> {
  if (off === undefined) return NONE_OFF;
  try {
    const lease = (await session.call('ExportVm', vmRef(refOf(off)), {}, { signal })).ref('returnval');
    if (lease !== undefined) await session.call('HttpNfcLeaseAbort', lease, {}, { signal }).catch(() => undefined);
    return `granted for ${refOf(off).name}`;
  } catch (error) {
    if (!isFault(error, 'MethodNotFound', 'NotSupported')) throw error;
    return {
      outcome: 'warning',
      finding: 'the server exports no VMs',
      todo: 'Only disks that are handed out in ranges can be copied.',
    };
  }
}

function countTracked(vms: readonly ObjectProperties[]): Finding {
  const unable = vms.filter((vm) => vm.flag('capability.changeTrackingSupported') === false);
  const on = vms.filter((vm) => vm.flag('config.changeTrackingEnabled') === true);
  const finding = `on for ${on.length} of the ${vms.length} VMs looked at`;
  if (unable.length === 0) return finding;
  return {
    outcome: 'warning',
    finding: `${finding}; ${unable.length} cannot have it: ${unable
      .slice(0, 5)
      .map((vm) => refOf(vm).name)
      .join(', ')}`,
    todo: 'Raise their hardware version to 7 or newer, or migrate them cold.',
  };
}
