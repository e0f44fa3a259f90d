/** What a vSphere server refused, and what that means to the person who has to do something about it. */
import type { ErrorCode } from '../../../src/model/error-codes.ts';
import { MigrationError, type MigrationErrorOptions } from '../../../src/model/errors.ts';
import type { VimNode } from './node.ts';

/** A MigrationError that still knows the fault's own name, for callers that can go another way. */
export class VimFault extends MigrationError {
  /** Name of the fault's type: `NotAuthenticated`, `TaskInProgress`; `RuntimeFault` where the server names none. */
  readonly fault: string;
  readonly detail: VimNode | undefined;

  constructor(
    fault: string,
    text: string,
    { detail, ...options }: MigrationErrorOptions & { readonly detail?: VimNode | undefined } = {},
  ) {
    const known = MEANINGS[fault];
    const missing = detail?.string('privilegeId');
    const said = text === '' ? fault : `${fault}: ${text}`;
    super(known?.code ?? 'source-refused', missing === undefined ? said : `${said} (missing privilege ${missing})`, {
      ...(known?.hint !== undefined && { hint: known.hint }),
      ...options,
    });
    this.fault = fault;
    this.detail = detail;
  }
}

const MEANINGS: Readonly<Record<string, { readonly code: ErrorCode; readonly hint?: string }>> = {
  NotAuthenticated: { code: 'source-login-failed', hint: 'The session has ended. Run again.' },
  InvalidLogin: { code: 'source-login-failed' },
  NoPermission: { code: 'source-forbidden' },
  RestrictedVersion: {
    code: 'source-refused',
    hint: 'The licence of the host does not allow writing through its API (free ESXi).',
  },
  ManagedObjectNotFound: { code: 'vm-not-found', hint: 'The object was removed from the inventory. Read the inventory again.' },
  TaskInProgress: { code: 'source-busy' },
  ConcurrentAccess: { code: 'source-busy' },
  ResourceInUse: { code: 'source-busy' },
  HostNotConnected: { code: 'source-busy', hint: 'The host of the VM is not connected to vCenter.' },
  HostCommunication: { code: 'source-busy', hint: 'vCenter does not reach the host of the VM.' },
  Timedout: { code: 'source-busy' },
  FileLocked: { code: 'source-busy', hint: 'A file of the VM is held by another program, often a backup. Wait for it to end.' },
  InsufficientResourcesFault: { code: 'source-busy' },
  NoDiskSpace: { code: 'source-refused', hint: 'Free space on the datastore of the VM.' },
  ToolsUnavailable: { code: 'guest-not-reachable' },
  MethodNotFound: { code: 'source-refused', hint: 'The server does not offer this function.' },
  NotSupported: { code: 'source-refused', hint: 'The server or the VM does not support this function.' },
};

/** The fault of an answer; undefined when it is none. `envelope` is the whole answer. */
export function faultOf(envelope: VimNode): VimFault | undefined {
  const fault = envelope.at('Body', 'Fault');
  if (fault === undefined) return undefined;
  const detail = fault.get('detail')?.children[0];
  // The type attribute names the fault; servers that leave it out call the element `InvalidLoginFault`.
  const name = detail?.type ?? detail?.name.replace(/Fault$/, '') ?? 'RuntimeFault';
  return new VimFault(name, fault.string('faultstring') ?? '', { detail });
}

/** The error of a task: `LocalizedMethodFault`. */
export function taskFault(error: VimNode): VimFault {
  const fault = error.get('fault');
  const details = (fault?.list('faultMessage') ?? [])
    .map((message) => message.string('message'))
    .filter((text) => text !== undefined);
  const said = [error.string('localizedMessage') ?? '', ...details].filter((text) => text !== '').join(' ');
  return new VimFault(fault?.type ?? 'RuntimeFault', said, { detail: fault });
}

export function isFault(error: unknown, ...names: readonly string[]): error is VimFault {
  return error instanceof VimFault && names.includes(error.fault);
}
