/** The calls of one HttpNfcLease, from the asking to the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../src/model/errors.ts';
import type { LeaseSource } from '../../src/model/transfer.ts';
import { properties } from './properties.ts';
import type { Session } from './session.ts';
import { isFault, taskFault, VimFault } from './vim/fault.ts';
import type { MoRef, VimNode } from './vim/node.ts';

/** Answers come at once; what takes its time is that the lease gets ready. */
const PATIENCE_MS = 30_000;
const FIRST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 1000;
const COMPLETE_TRIES = 3;

/** Asks for a lease. Nobody gives this up half-way: one that nobody knows of would lock its VM until it times out. */
export async function grant(session: Session, of: LeaseSource['of']): Promise<MoRef> {
  const operation = of.type === 'VirtualMachine' ? 'ExportVm' : 'ExportSnapshot';
  const signal = new AbortController().signal;
  const lease = (await session.call(operation, of, {}, { signal, patience: PATIENCE_MS })).ref('returnval');
  if (lease === undefined) throw new MigrationError('source-answer-broken', `${operation} gave no lease`);
  return { ...lease, type: 'HttpNfcLease' };
}

/** `HttpNfcLeaseInfo` of a lease that is ready. */
export async function whenReady(session: Session, lease: MoRef, signal: AbortSignal): Promise<VimNode> {
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, SLOWEST_LOOK_MS)) {
    const found = await properties(session, lease, ['state', 'info', 'error'], signal);
    const state = found?.string('state');
    const info = found?.node('info');
    if (state === 'ready' && info !== undefined) return info;
    if (state === 'error') {
      const error = found?.node('error');
      throw error === undefined ? new MigrationError('disk-unreachable', 'The server gives no reason') : taskFault(error);
    }
    if (found === undefined || state === 'done')
      throw new MigrationError('disk-unreachable', 'The lease ended before it was ready');
    await sleep(pause, undefined, { signal });
  }
}

/** Of such a lease nothing more will come. */
export function isOver(error: unknown): boolean {
  return (
    isFault(error, 'Timedout', 'ManagedObjectNotFound', 'InvalidState') ||
    (error instanceof VimFault && error.disposition === 'stalled')
  );
}

/** What the server refused, in words of a person who wants the disk. */
export function refusal(error: unknown, { type, id }: LeaseSource['of']): unknown {
  if (!(error instanceof MigrationError)) return error;
  if (!(error instanceof VimFault) && error.code !== 'disk-unreachable') return error;
  if (error instanceof VimFault && error.code !== 'source-refused') return error;
  const hint = isFault(error, 'InvalidPowerState')
    ? 'Power the VM off, or copy from a snapshot (warm migration).'
    : isFault(error, 'MethodNotFound', 'NotSupported')
      ? 'This server exports nothing of that kind; only disks that are handed out in ranges, or VDDK, are left.'
      : undefined;
  const what = type === 'VirtualMachine' ? 'VM' : 'snapshot';
  return new MigrationError('disk-unreachable', `The server does not export ${what} ${id}: ${error.message}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

/** Best effort: what cannot be told ends by itself. */
export async function abort(session: Session, lease: MoRef): Promise<void> {
  await end(session, 'HttpNfcLeaseAbort', lease).catch(() => undefined);
}

/** @throws VimFault of a lease that was over before, MigrationError of the connection */
export async function complete(session: Session, lease: MoRef): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await end(session, 'HttpNfcLeaseComplete', lease);
      return;
    } catch (error) {
      // The answer to an earlier try was lost, not the request.
      if (tries > 1 && isFault(error, 'ManagedObjectNotFound')) return;
      if (isOver(error) || tries === COMPLETE_TRIES) throw error;
    }
  }
}

async function end(session: Session, operation: 'HttpNfcLeaseComplete' | 'HttpNfcLeaseAbort', lease: MoRef): Promise<void> {
  await session.call(operation, lease, {}, { signal: AbortSignal.timeout(PATIENCE_MS) });
}
