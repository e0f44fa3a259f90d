/** The weather of the vSphere fault scenario, and the calls of a migration that go through it. */
import assert from 'node:assert/strict';
import { parseAddress } from '../../../providers/vsphere/address.ts';
import { VsphereConnection } from '../../../providers/vsphere/connection.ts';
import { Http } from '../../../providers/vsphere/http.ts';
import { Session } from '../../../providers/vsphere/session.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Extent } from '../../../src/model/transfer.ts';
import type { SourceVm, VmRef } from '../../../src/model/vm.ts';
import type { Fault, Observed } from '../../peers/vcenter/faults.ts';
import type { SimulatedGuest } from '../../peers/vcenter/guest.ts';
import type { Vcenter } from '../../peers/vcenter.ts';
import { live, optionsFor, sourceOf } from '../../providers/vsphere/simulator.ts';

/** Long for the simulator, short for a test; a real server gets minutes. */
const SILENCE_MS = 2000;
const DISK = 'scsi0:0';
const SECTOR = 512;
const TRIES = 4;
const WRITES = 12;

export interface Weather {
  readonly name: string;
  /** A restart of the service when absent. */
  readonly fault?: Fault;
  /** What an error says, `code: message`, when this was its cause. */
  readonly blamed: RegExp;
}

const CUT = /^source-answer-broken: .*(connection was cut|another length|cannot be read|stopped in the middle|is no JSON)/;

export const WEATHERS: readonly Weather[] = [
  { name: 'reset before', fault: { kind: 'reset' }, blamed: CUT },
  { name: 'reset after', fault: { kind: 'reset', after: true }, blamed: CUT },
  { name: '503', fault: { kind: 'status', status: 503 }, blamed: /HTTP status 503/ },
  { name: '500', fault: { kind: 'status', status: 500 }, blamed: /HTTP status 500/ },
  { name: 'page 502', fault: { kind: 'html' }, blamed: /HTTP status 502/ },
  { name: 'page 200', fault: { kind: 'html', status: 200 }, blamed: /HTTP status 200 and text\/html|is no JSON/ },
  { name: 'truncated', fault: { kind: 'truncate' }, blamed: CUT },
  { name: 'too short', fault: { kind: 'wrong-length', over: true }, blamed: CUT },
  { name: 'too long', fault: { kind: 'wrong-length', over: false }, blamed: CUT },
  { name: 'stall', fault: { kind: 'stall' }, blamed: /^source-answer-broken: .*(stopped in the middle|no answer came in time)/ },
  { name: 'late', fault: { kind: 'slow', ms: 20 }, blamed: /^$/ },
  {
    name: 'host away',
    fault: { kind: 'soap', type: 'HostCommunication', message: 'Unable to communicate with the remote host.' },
    blamed: /HostCommunication|unexpected answer|HTTP status 500/,
  },
  {
    name: 'expired',
    fault: { kind: 'expire' },
    blamed: /^source-login-failed: .*NotAuthenticated|^source-busy: .*ended 5 sessions/,
  },
  { name: 'restart', blamed: /HTTP status 503|NotAuthenticated/ },
];

/** A login or logout whose answer is lost can leave a session that nobody can know of; those points have a test of their own. */
export function isAboutSession({ method, path, operation }: Observed): boolean {
  return operation === 'Login' || operation === 'Logout' || (method !== 'GET' && path.endsWith('/session'));
}

/** Orders one to three faults among so many requests; their names. */
export function strike(
  server: Vcenter,
  { next, requests }: { readonly next: () => number; readonly requests: number },
): ReadonlySet<string> {
  const ordered = new Set<string>();
  for (let left = 1 + (next() % 3); left > 0; left -= 1) {
    const weather = WEATHERS[next() % WEATHERS.length];
    const nth = 1 + (next() % requests);
    if (weather === undefined) continue;
    ordered.add(weather.name);
    const match = (request: Observed) => !isAboutSession(request);
    if (weather.fault !== undefined) server.script({ match, nth, fault: weather.fault });
    else restartAt(server, nth);
  }
  return ordered;
}

function restartAt(server: Vcenter, nth: number): void {
  let seen = 0;
  const match = (request: Observed): boolean => {
    if (!isAboutSession(request)) seen += 1;
    if (seen === nth) {
      seen = Number.POSITIVE_INFINITY;
      void server.restart();
      server.script({ match: (other) => !isAboutSession(other), times: 2, fault: { kind: 'status', status: 503 } });
    }
    return false;
  };
  server.script({ match, fault: { kind: 'expire' } });
}

export interface Scene {
  readonly server: Vcenter;
  readonly guest: SimulatedGuest;
  readonly vm: VmRef;
  /** Inventory of fair weather. */
  readonly vms: readonly SourceVm[];
}

/** A connection as the provider makes it, that waits less. */
export async function connectImpatiently(server: Vcenter): Promise<VsphereConnection> {
  const address = parseAddress(sourceOf(server));
  const http = new Http(address, optionsFor(server).trust, SILENCE_MS);
  const credentials = async () => ({ user: server.username, password: server.password });
  try {
    return new VsphereConnection({ address, http, credentials, session: await Session.open({ http, credentials }, live()) });
  } catch (error) {
    await http[Symbol.asyncDispose]();
    throw error;
  }
}

export interface Caller {
  /** Of the two snapshots, recorded before they are made. */
  readonly names: readonly [string, string];
  /** What the caller writes down: ids of snapshots by name, as soon as they are told. */
  readonly record: Map<string, string>;
  /** Tries again where the error says that it helps. */
  readonly patient: boolean;
}

/** @throws MigrationError of the weather; AssertionError for a wrong answer */
export async function migrationCalls({ server, guest, vm, vms }: Scene, { names, record, patient }: Caller): Promise<void> {
  const step = <T>(work: () => Promise<T>) => (patient ? again(work) : work());
  const [disk] = guest.disks;
  assert.ok(disk);
  await using connection = await step(() => connectImpatiently(server));
  const { snapshots, changes } = connection;
  assert.deepEqual(await step(() => Array.fromAsync(connection.vms(live()))), vms, 'another inventory');
  const first = await step(() => snapshots.create(vm, { name: names[0], quiesce: 'no' }, live()));
  record.set(first.name, first.id);
  const before = disk.content();
  const checkpoint = first.checkpoints[DISK];
  assert.ok(checkpoint !== undefined, 'a snapshot without a checkpoint');
  guest.writeSome(WRITES);
  await step(() => snapshots.remove(vm, first.id, live()));
  const second = await step(() => snapshots.create(vm, { name: names[1], quiesce: 'no' }, live()));
  record.set(second.name, second.id);
  const after = disk.content();
  const question = { vm, snapshot: second.id, disk: DISK };
  const changed = await step(() => Array.fromAsync(changes.changed({ ...question, since: { checkpoint } }, live())));
  assertCovered(changed, before, after);
  const allocated = await step(() => Array.fromAsync(changes.changed({ ...question, since: 'allocated' }, live())));
  assertCovered(allocated, Buffer.alloc(after.length), after);
  await step(() => snapshots.remove(vm, second.id, live()));
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MigrationError) || error.disposition === 'stalled' || tries === TRIES) throw error;
    }
  }
}

/** Every sector that differs lies in an extent. */
function assertCovered(extents: readonly Extent[], before: Buffer, after: Buffer): void {
  for (let at = 0; at < after.length; at += SECTOR) {
    if (before.compare(after, at, at + SECTOR, at, at + SECTOR) === 0) continue;
    const covered = extents.some(({ offset, length }) => offset <= at && at + SECTOR <= offset + length);
    assert.ok(covered, `the write at byte ${at} is in no changed area`);
  }
}
