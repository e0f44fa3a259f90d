/**
 * Storage policies of VMs and disks. A server without the service, an account that may not ask, and a service that does not answer have none
 * to tell: policies are never a reason to fail.
 */
import { MigrationError } from '../../../src/model/errors.ts';
import type { ObjectProperties } from '../properties.ts';
import type { Session } from '../session.ts';
import { isFault } from '../vim/fault.ts';
import { type MoRef, members, type VimNode } from '../vim/node.ts';
import { type PolicyOperation, policyCall } from '../vim/policy-call.ts';
import { sortDevices } from './devices.ts';

const SERVICE: MoRef = { type: 'PbmServiceInstance', id: 'ServiceInstance' };
/** VMs and disks in one question. */
const BATCH = 1000;
const TRIES = 3;

/** Names of policies by what has one: `vm-42` for the files of a VM, `vm-42:2000` for a disk by its device key. */
export type PolicyNames = ReadonlyMap<string, string>;

export interface Policies {
  /** Why there are none, when they could not be read. */
  readonly trouble?: string;
  /** True where there is nothing to ask for. */
  readonly none: boolean;
  /** Undefined when the service does not tell just now. @throws the signal's reason, MigrationError of a login */
  of(owners: readonly string[], signal: AbortSignal): Promise<PolicyNames | undefined>;
}

/** Everything of a VM that can have a policy. */
export function policyOwners(vm: ObjectProperties): readonly string[] {
  const { disks } = sortDevices(members(vm.node('config.hardware.device')));
  const { id } = vm.ref;
  return [id, ...disks.flatMap((disk) => disk.string('key') ?? []).map((key) => `${id}:${key}`)];
}

const NONE: PolicyNames = new Map();

/** Reads the names of all policies. @throws the signal's reason, MigrationError of a login */
export async function openPolicies(session: Session, signal: AbortSignal): Promise<Policies> {
  if (session.about.apiType !== 'VirtualCenter') return without('a standalone ESXi has none');
  try {
    const content = await ask(session, { operation: 'PbmRetrieveServiceContent', on: SERVICE }, signal);
    const manager = content?.ref('returnval', 'profileManager');
    if (manager === undefined) return without('the server does not tell storage policies to this account');
    const names = await readNames(session, manager, signal);
    if (names.size === 0) return without();
    return { none: false, of: (owners, live) => readPolicies(session, { manager, names, owners }, live) };
  } catch (error) {
    return without(troubleOf(error, signal));
  }
}

function without(trouble?: string): Policies {
  return { none: true, of: async () => NONE, ...(trouble !== undefined && { trouble }) };
}

async function readNames(session: Session, on: MoRef, signal: AbortSignal): Promise<PolicyNames> {
  const query = { resourceType: { fields: { resourceType: 'STORAGE' } }, profileCategory: 'REQUIREMENT' };
  const found = await ask(session, { operation: 'PbmQueryProfile', on, args: query }, signal);
  const profileIds = (found?.list('returnval') ?? []).map((id) => ({ fields: { uniqueId: id.string('uniqueId') } }));
  if (profileIds.length === 0) return NONE;
  const content = await ask(session, { operation: 'PbmRetrieveContent', on, args: { profileIds } }, signal);
  return new Map(
    (content?.list('returnval') ?? []).flatMap((profile) => {
      const [id, name] = [profile.string('profileId', 'uniqueId'), profile.string('name')];
      return id === undefined || name === undefined ? [] : [[id, name] as const];
    }),
  );
}

async function readPolicies(
  session: Session,
  question: { readonly manager: MoRef; readonly names: PolicyNames; readonly owners: readonly string[] },
  signal: AbortSignal,
): Promise<PolicyNames | undefined> {
  const { manager, names, owners } = question;
  const found = new Map<string, string>();
  try {
    for (let at = 0; at < owners.length; at += BATCH) {
      const entities = owners.slice(at, at + BATCH).map(toEntity);
      const answer = await ask(session, { operation: 'PbmQueryAssociatedProfiles', on: manager, args: { entities } }, signal);
      for (const result of answer?.list('returnval') ?? []) {
        const key = result.string('object', 'key');
        // An object has one policy; the schema has room for more.
        const name = names.get(result.get('profileId')?.string('uniqueId') ?? '');
        if (key !== undefined && name !== undefined) found.set(key, name);
      }
    }
    return found;
  } catch (error) {
    troubleOf(error, signal);
    return undefined;
  }
}

/** `PbmServerObjectRef`. The VM's own files and each of its disks may have another policy. */
function toEntity(key: string): { readonly fields: Readonly<Record<string, string>> } {
  return { fields: { objectType: key.includes(':') ? 'virtualDiskId' : 'virtualMachine', key } };
}

async function ask(
  session: Session,
  call: { readonly operation: PolicyOperation; readonly on: MoRef; readonly args?: Parameters<typeof policyCall>[1]['args'] },
  signal: AbortSignal,
): Promise<VimNode | undefined> {
  const { args = {} } = call;
  for (let tries = 1; ; tries += 1) {
    const { generation } = session;
    try {
      return await policyCall(session.http, { ...call, args }, signal);
    } catch (error) {
      if (isFault(error, 'NotAuthenticated')) await session.renew(generation, signal);
      else if (!(error instanceof MigrationError) || error.disposition !== 'retry') throw error;
      if (tries === TRIES) throw error;
    }
  }
}

/** What a person is told; what is no trouble of the service is thrown. */
function troubleOf(error: unknown, signal: AbortSignal): string {
  signal.throwIfAborted();
  const ours = error instanceof MigrationError && (error.code !== 'source-login-failed' || isFault(error, 'NotAuthenticated'));
  if (!ours) throw error;
  return error.message;
}
