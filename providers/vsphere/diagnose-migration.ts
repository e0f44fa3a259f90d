/** The part of the doctor that is logged in: privileges, and every way to the bytes of a disk. */
import type { Credentials } from '../../src/contracts/credentials.ts';
import type { Check, ConnectOptions } from '../../src/contracts/provider.ts';
import { attempt, type Finding } from '../../src/net/check.ts';
import { reach } from '../../src/net/first-links.ts';
import type { Address } from './address.ts';
import { comparePrivileges } from './diagnose-privileges.ts';
import { vmRef } from './disk-access.ts';
import type { Http } from './http.ts';
import { sortDevices } from './inventory/devices.ts';
import { diskKey } from './inventory/disks.ts';
import { decodeName } from './inventory/names.ts';
import { openPolicies } from './inventory/policies.ts';
import { readAtlas } from './inventory/reader.ts';
import { readTags } from './inventory/tags.ts';
import { openDisk } from './open-disk.ts';
import { below, type ObjectProperties, properties } from './properties.ts';
import type { Session } from './session.ts';
import { isFault } from './vim/fault.ts';
import { members } from './vim/node.ts';

/** VMs that are looked at for one that is off; a doctor reads no whole inventory. */
const LOOKED_AT = 250;
const NFC_PORT = 902;
const HOSTS = 5;

export interface Patient {
  readonly session: Session;
  readonly http: Http;
  readonly address: Address;
  readonly login: () => Promise<Credentials>;
  readonly transport: ConnectOptions['transport'];
}

export async function* diagnoseMigration(patient: Patient, signal: AbortSignal): AsyncGenerator<Check> {
  const { session } = patient;
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
  const { transport } = patient;
  yield await attempt({ id: 'privileges', label: 'Privileges' }, signal, () =>
    comparePrivileges(session, { vms, transport }, signal),
  );
  yield await attempt({ id: 'tags', label: 'Tags' }, signal, () => lookAtTags(patient, vms, signal));
  yield await attempt({ id: 'policies', label: 'Storage policies' }, signal, () => lookAtPolicies(session, signal));
  const off = vms.find((vm) => vm.string('runtime.powerState') === 'poweredOff' && firstDisk(vm) !== undefined);
  yield await attempt({ id: 'range', label: 'Ranges of datastore files' }, signal, () => tryRange(patient, off, signal));
  yield await attempt({ id: 'lease', label: 'Export lease' }, signal, () => tryLease(session, off, signal));
  yield await attempt({ id: 'cbt', label: 'Change tracking' }, signal, () => Promise.resolve(countTracked(vms)));
  yield await attempt({ id: 'nfc', label: 'TCP port 902' }, signal, () => reachHosts(patient, vms, signal));
}

async function firstVms(session: Session, signal: AbortSignal): Promise<readonly ObjectProperties[]> {
  const paths = [
    'name',
    'runtime.powerState',
    'runtime.host',
    'datastore',
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

async function lookAtPolicies(session: Session, signal: AbortSignal): Promise<Finding> {
  if (session.about.apiType !== 'VirtualCenter') return { outcome: 'skipped', finding: 'a standalone ESXi has none' };
  const { trouble, none } = await openPolicies(session, signal);
  if (trouble === undefined) return none ? 'there are none' : 'readable';
  return {
    outcome: 'warning',
    finding: trouble,
    todo: 'Storage is mapped by datastore alone; give StorageProfile.View for more.',
  };
}

/** VDDK reads from the hosts themselves. */
async function reachHosts(
  { session, transport }: Patient,
  vms: readonly ObjectProperties[],
  signal: AbortSignal,
): Promise<Finding> {
  if (transport !== 'vddk') return { outcome: 'skipped', finding: 'needed only with VDDK, which is not chosen' };
  const refs = [...new Map(vms.flatMap((vm) => vm.reference('runtime.host') ?? []).map((ref) => [ref.id, ref])).values()];
  const told: string[] = [];
  for (const ref of refs.slice(0, HOSTS)) {
    const name = (await properties(session, ref, ['name'], signal))?.string('name') ?? ref.id;
    told.push(`${name}: ${await reach(name, NFC_PORT, signal)}`);
  }
  return told.length === 0 ? { outcome: 'skipped', finding: 'no VM is on a host' } : told.join('; ');
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
  const { datastores } = await readAtlas(session, signal);
  const vm = refOf(off);
  const source = await openDisk(session, { vm, disk }, { address, datastore: async (id) => datastores.get(id) }, signal);
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
