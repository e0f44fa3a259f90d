/**
 * What the account may do, asked of the VMs that it sees and of the datastores that they are on: roles are given on folders, and what is
 * granted at the root says nothing of them.
 */
import type { ConnectOptions } from '../../src/contracts/provider.ts';
import type { Finding } from '../../src/net/check.ts';
import { decodeName } from './inventory/names.ts';
import { type ObjectProperties, properties } from './properties.ts';
import type { Session } from './session.ts';
import { isFault } from './vim/fault.ts';
import { asRef, type MoRef, members, type VimNode } from './vim/node.ts';

/** What a privilege is needed for: every migration, warm ones, or one of the ways to the bytes. */
type Purpose = 'any' | 'warm' | 'range' | 'lease' | 'vddk';

interface Need {
  readonly id: string;
  readonly on: 'vm' | 'datastore';
  readonly purpose: Purpose;
}

/** Names are those of the vSphere Security guide. */
const NEEDS: readonly Need[] = [
  { id: 'System.Read', on: 'vm', purpose: 'any' },
  { id: 'VirtualMachine.Interact.PowerOff', on: 'vm', purpose: 'any' },
  { id: 'VirtualMachine.Interact.PowerOn', on: 'vm', purpose: 'any' },
  { id: 'VirtualMachine.State.CreateSnapshot', on: 'vm', purpose: 'warm' },
  { id: 'VirtualMachine.State.RemoveSnapshot', on: 'vm', purpose: 'warm' },
  { id: 'VirtualMachine.Config.ChangeTracking', on: 'vm', purpose: 'warm' },
  { id: 'Datastore.Browse', on: 'datastore', purpose: 'range' },
  { id: 'Datastore.FileManagement', on: 'datastore', purpose: 'range' },
  { id: 'VApp.Export', on: 'vm', purpose: 'lease' },
  { id: 'VirtualMachine.Provisioning.DiskRandomRead', on: 'vm', purpose: 'vddk' },
  { id: 'VirtualMachine.Provisioning.GetVmFiles', on: 'vm', purpose: 'vddk' },
];

/** Objects of a kind that are asked about; a doctor goes through no whole inventory. */
const SAMPLE = 25;
const NAMED = 3;

const WAYS = ['range', 'lease'] as const;

const WITHOUT: Readonly<Record<Purpose, string>> = {
  any: 'no migration',
  warm: 'no warm migration',
  range: 'no reading in ranges: disks are exported as streams, slower and without deltas',
  lease: 'no export: disks that cannot be read in ranges stay',
  vddk: 'no VDDK',
};

interface Question {
  readonly vms: readonly ObjectProperties[];
  readonly transport: ConnectOptions['transport'];
}

/** @throws MigrationError of the connection */
export async function comparePrivileges(session: Session, { vms, transport }: Question, signal: AbortSignal): Promise<Finding> {
  if (vms.length === 0) return { outcome: 'skipped', finding: 'no VM is visible to ask about' };
  const sample = { vm: spread(vms.map(({ ref }) => ref)), datastore: spread(datastoresOf(vms)) };
  const missing = new Map<Need, readonly string[]>();
  try {
    for (const on of ['vm', 'datastore'] as const) {
      const needs = NEEDS.filter((need) => need.on === on && (need.purpose !== 'vddk' || transport === 'vddk'));
      const denied = await ask(session, { entity: sample[on], privId: needs.map(({ id }) => id) }, signal);
      for (const need of needs) {
        const where = denied.get(need.id);
        if (where !== undefined) missing.set(need, where);
      }
    }
  } catch (error) {
    if (isFault(error, 'MethodNotFound', 'NotSupported')) return { outcome: 'skipped', finding: 'the server cannot be asked' };
    throw error;
  }
  const looked = `${sample.vm.length} VMs and ${sample.datastore.length} datastores`;
  if (missing.size === 0) return `all are granted on the ${looked} looked at`;
  const names = new Map(vms.map((vm) => [vm.ref.id, decodeName(vm.string('name') ?? vm.ref.id)]));
  const purposes = new Set([...missing.keys()].map(({ purpose }) => purpose));
  return {
    outcome: stops(purposes, transport) ? 'failed' : 'warning',
    finding: `of the ${looked} looked at: ${[...missing].map(([{ id }, where]) => `${id} is missing on ${some(where, names)}`).join('; ')}`,
    todo: `Give the role of the account what is missing there. Without it: ${[...purposes].map((purpose) => WITHOUT[purpose]).join('; ')}.`,
  };
}

/** A migration needs what all need, and one way to the bytes: the one that was asked for, or any. */
function stops(missing: ReadonlySet<Purpose>, transport: Question['transport']): boolean {
  if (missing.has('any')) return true;
  return transport === undefined ? WAYS.every((way) => missing.has(way)) : missing.has(transport);
}

/** Where each privilege is denied, by its name. */
async function ask(
  session: Session,
  { entity, privId }: { readonly entity: readonly MoRef[]; readonly privId: readonly string[] },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const denied = new Map<string, string[]>();
  if (entity.length === 0 || privId.length === 0) return denied;
  const current = await properties(session, session.manager('sessionManager'), ['currentSession'], signal);
  const args = { entity, sessionId: current?.node('currentSession')?.string('key'), privId };
  const answer = await session.call('HasPrivilegeOnEntities', session.manager('authorizationManager'), args, { signal });
  for (const entry of answer.list('returnval')) {
    const id = entry.ref('entity')?.id ?? '?';
    const granted = new Set(
      entry
        .list('privAvailability')
        .filter(isGranted)
        .map((each) => each.string('privId')),
    );
    for (const privilege of privId) if (!granted.has(privilege)) denied.set(privilege, [...(denied.get(privilege) ?? []), id]);
  }
  return denied;
}

function isGranted(availability: VimNode): boolean {
  return availability.flag('isGranted') === true;
}

function datastoresOf(vms: readonly ObjectProperties[]): readonly MoRef[] {
  const found = new Map<string, MoRef>();
  for (const vm of vms) {
    for (const node of members(vm.node('datastore'))) {
      const ref = asRef(node);
      if (ref !== undefined) found.set(ref.id, ref);
    }
  }
  return [...found.values()];
}

/** Some of all, from the beginning to the end: neighbours are often in one folder. */
function spread<T>(all: readonly T[]): readonly T[] {
  const step = Math.max(1, all.length / SAMPLE);
  return all.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step)).slice(0, SAMPLE);
}

function some(ids: readonly string[], names: ReadonlyMap<string, string>): string {
  const named = ids.slice(0, NAMED).map((id) => names.get(id) ?? id);
  const more = ids.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
