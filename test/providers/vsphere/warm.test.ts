import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Connection, PowerControl, SnapshotControl, SourceSnapshot } from '../../../src/contracts/provider.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { VmRef } from '../../../src/model/vm.ts';
import type { GuestOptions, SimulatedGuest } from '../../peers/vcenter/guest.ts';
import { startVcenter, type Vcenter } from '../../peers/vcenter.ts';
import { Replica } from './replica.ts';
import { connectTo, live } from './simulator.ts';

const MiB = 1024 * 1024;
const DISKS = [8 * MiB, 2 * MiB];

let server: Vcenter;
before(async () => {
  server = await startVcenter({ vms: 1, model: { datastore: 2 }, areasPerAnswer: 5 });
});
after(async () => await server[Symbol.asyncDispose]());

interface Ground {
  readonly guest: SimulatedGuest;
  readonly vm: VmRef;
  readonly connection: Connection;
  readonly snapshots: SnapshotControl;
  readonly power: PowerControl;
  readonly replica: Replica;
  /** Snapshot, copy, release: one pass of a warm migration. */
  pass(name: string): Promise<SourceSnapshot>;
}

/** A running VM whose guest writes before every second request, and a replica that follows it. */
async function ground(
  t: { readonly name: string; after(end: () => Promise<void>): void },
  options: GuestOptions = {},
): Promise<Ground> {
  const name = t.name.replaceAll(/\W+/g, '-').slice(0, 40);
  const guest = await server.guest(name, { disks: DISKS, tracked: true, writeEvery: 2, seed: name.length, ...options });
  const connection = await connectTo(server);
  const replica = new Replica(server);
  t.after(async () => {
    replica[Symbol.dispose]();
    await connection[Symbol.asyncDispose]();
    await server.drop(guest);
  });
  const { snapshots, power } = connection;
  assert.ok(snapshots && power);
  const vm = { id: guest.vm, name };
  const pass = async (of: string) => {
    const snapshot = await snapshots.create(vm, { name: of, quiesce: 'no' }, live());
    await replica.pass(connection, vm, snapshot);
    await snapshots.remove(vm, snapshot.id, live());
    return snapshot;
  };
  return { guest, vm, connection, snapshots, power, replica, pass };
}

/** The replica holds what the disks held when the power went. */
function assertSame({ guest, replica }: Pick<Ground, 'guest' | 'replica'>): void {
  const rest = guest.truth();
  assert.ok(rest && !guest.on);
  for (const [at, { key }] of guest.disks.entries())
    assert.equal(replica.digest(`scsi0:${at}`), rest.digest(key), `disk ${at} differs`);
  assert.equal(guest.writesWhileOff, 0);
  assert.deepEqual(
    server.ledger.openSnapshots.filter(({ vm }) => vm === guest.vm),
    [],
  );
}

function isError(code: string, words = /./): (error: unknown) => boolean {
  return (error) => error instanceof MigrationError && error.code === code && words.test(`${error.message} ${error.hint ?? ''}`);
}

test('a full copy, deltas and the disks at rest give the disks of a guest that writes all the time', async (t) => {
  const { guest, vm, connection, power, replica, pass } = await ground(t);
  for (let round = 0; round < 4; round += 1) {
    await pass(`kubeferry ${round}`);
    guest.tick(10);
  }
  const { read } = replica;
  const { writes } = guest;
  assert.equal(await power.powerOff(vm, live()), 'guest-shutdown');
  assert.ok(guest.writes > writes, 'a guest flushes when it shuts down');
  await replica.pass(connection, vm);
  assert.ok(replica.read - read < 4 * MiB, 'the last pass read more than the changes');
  assert.deepEqual(replica.compared, []);
  assertSame({ guest, replica });
});

test('a final snapshot of a VM that is off tells the same', async (t) => {
  const { guest, vm, power, replica, pass } = await ground(t);
  await pass('first');
  await power.powerOff(vm, live(), { graceSeconds: 0, otherwise: 'force' });
  await pass('last');
  assertSame({ guest, replica });
});

test('tracking that is switched on by us counts from the next snapshot on, and leaves none behind', async (t) => {
  const { guest, vm, connection, power, replica, pass } = await ground(t, { tracked: false });
  assert.deepEqual(await connection.changes?.enable(vm, live()), { tracked: ['scsi0:0', 'scsi0:1'], untracked: [] });
  assert.deepEqual(
    server.ledger.chronicle.of(guest.vm).map(({ what }) => what),
    ['on', 'snapshot kubeferry-enable-change-tracking made', 'snapshot kubeferry-enable-change-tracking removed'],
  );
  assert.deepEqual(Object.keys((await pass('first')).checkpoints), ['scsi0:0', 'scsi0:1']);
  await power.powerOff(vm, live());
  await replica.pass(connection, vm);
  assertSame({ guest, replica });
});

test('a snapshot that was made to begin tracking goes with the next try, whoever was cut off', async (t) => {
  const { guest, vm, connection } = await ground(t, { tracked: false });
  const match = ({ operation }: { readonly operation: string }) => operation === 'RemoveSnapshot_Task';
  server.script({ match, fault: { kind: 'reset' } });
  await assert.rejects(connection.changes?.enable(vm, live()) ?? Promise.resolve(), isError('source-answer-broken'));
  assert.equal(server.ledger.openSnapshots.length, 1);
  await connection.changes?.enable(vm, live());
  assert.deepEqual(server.ledger.openSnapshots, []);
  assert.ok(guest.disks.every(({ changeId }) => changeId !== undefined));
});

test('a VM that is off is tracked at once', async (t) => {
  const { guest, vm, connection, power, replica } = await ground(t, { tracked: false });
  await power.powerOff(vm, live());
  await connection.changes?.enable(vm, live());
  await replica.pass(connection, vm);
  assertSame({ guest, replica });
});

test('a count that began anew is told, whatever began it', async (t) => {
  const causes = ['tracking-reset', 'storage-vmotion', 'disk-grown', 'storage-vmotion-kept', 'vmotion'] as const;
  const { guest, vm, connection, power, replica, pass } = await ground(t);
  await pass('first');
  const found: string[] = [];
  for (const cause of causes) {
    assert.ok(await server.trouble(cause, guest), cause);
    replica.compared.length = 0;
    await pass(cause);
    found.push(`${cause}: ${replica.compared.join(' ')}`);
  }
  assert.deepEqual(
    found.filter((line) => !line.startsWith('disk-grown')),
    ['tracking-reset: scsi0:0 scsi0:1', 'storage-vmotion: scsi0:0 scsi0:1', 'storage-vmotion-kept: ', 'vmotion: '],
  );
  await power.powerOff(vm, live());
  await replica.pass(connection, vm);
  assertSame({ guest, replica });
});

test('a VM that somebody reverts is compared whole, and its snapshot of ours goes all the same', async (t) => {
  const { guest, vm, connection, snapshots, power, replica, pass } = await ground(t);
  await pass('first');
  const backup = await server.others.snapshot(guest);
  const ours = await snapshots.create(vm, { name: 'ours', quiesce: 'no' }, live());
  guest.tick(20);
  await server.others.revert(guest, backup);
  await snapshots.remove(vm, ours.id, live());
  await server.others.removeSnapshot(backup);
  await pass('second');
  assert.deepEqual(replica.compared, ['scsi0:0', 'scsi0:1']);
  await power.powerOff(vm, live());
  await replica.pass(connection, vm);
  assertSame({ guest, replica });
});

test('above the snapshot of a backup nothing comes in ranges, and the backup does not disturb the count', async (t) => {
  const { guest, vm, connection, snapshots, power, replica, pass } = await ground(t);
  await pass('first');
  const backup = await server.others.snapshot(guest);
  guest.tick(5);
  const ours = await snapshots.create(vm, { name: 'second', quiesce: 'no' }, live());
  const source = await connection.openDisk(vm, 'scsi0:0', live(), ours.id);
  assert.ok(source.kind === 'lease');
  assert.match(source.because, /child of an older snapshot/);
  await server.others.removeSnapshot(backup);
  guest.tick(5);
  await replica.pass(connection, vm, ours);
  await snapshots.remove(vm, ours.id, live());
  await power.powerOff(vm, live());
  await replica.pass(connection, vm);
  assert.deepEqual(replica.compared, []);
  assertSame({ guest, replica });
});

test('a disk that is taken away while it is copied is read from the snapshot to its end', async (t) => {
  const { guest, vm, connection, snapshots } = await ground(t);
  const snapshot = await snapshots.create(vm, { name: 'first', quiesce: 'no' }, live());
  const [, second] = guest.disks;
  const frozen = second?.frozen(snapshot.id);
  await server.others.removeDisk(guest, 1);
  await server.others.addDisk(guest, MiB);
  const source = await connection.openDisk(vm, 'scsi0:1', live(), snapshot.id);
  assert.ok(source.kind === 'range' && source.tracking);
  assert.equal(source.capacity, frozen?.length);
  const changed = connection.access?.changes?.changed({ ...source.tracking, since: 'allocated' }, live());
  assert.ok(changed && (await Array.fromAsync(changed)).length > 0);
  await server.others.addDisk(guest, MiB);
  await assert.rejects(connection.openDisk(vm, 'scsi0:2', live(), snapshot.id), isError('disks-changed'));
  await snapshots.remove(vm, snapshot.id, live());
});

test('a snapshot that cannot be made says why, and the next try makes it', async (t) => {
  const { guest, vm, snapshots } = await ground(t);
  await server.trouble('snapshot-fails', guest);
  const make = () => snapshots.create(vm, { name: 'first', quiesce: 'no' }, live());
  await assert.rejects(make(), isError('snapshot-failed', /no more space.*Free space on the datastore/));
  await snapshots.remove(vm, (await make()).id, live());
  server.refuse(guest.vm, { operation: 'CreateSnapshot_Task', type: 'TaskInProgress', message: 'Another task is in progress.' });
  await assert.rejects(make(), isError('source-busy'));
});

test('what a removal leaves unmerged is merged, by the next try if need be', async (t) => {
  const { guest, vm, connection, snapshots, replica, power, pass } = await ground(t);
  await server.trouble('removal-unmerged', guest);
  const { id } = await pass('first');
  assert.equal((await connection.vm?.(vm, live()))?.snapshots.consolidationNeeded, false);
  assert.ok(server.ledger.chronicle.of(guest.vm).some(({ what }) => what === 'consolidated'));
  await server.trouble('consolidation-fails', guest);
  const second = await snapshots.create(vm, { name: 'second', quiesce: 'no' }, live());
  await assert.rejects(snapshots.remove(vm, second.id, live()), isError('source-busy', /held by another program/));
  await snapshots.remove(vm, second.id, live());
  assert.equal((await connection.vm?.(vm, live()))?.snapshots.consolidationNeeded, false);
  await snapshots.remove(vm, id, live());
  await power.powerOff(vm, live());
  await replica.pass(connection, vm);
  assertSame({ guest, replica });
});

test('a guest that cannot quiesce is frozen as a power cut would leave it, and it is said why', async (t) => {
  const { guest, vm, snapshots } = await ground(t);
  await server.trouble('quiesce-fails', guest);
  const made = await snapshots.create(vm, { name: 'first', quiesce: 'preferred' }, live());
  assert.equal(made.consistency, 'crash');
  assert.match(made.because ?? '', /quiescing/);
  assert.equal((await snapshots.find(vm, 'first', live()))?.consistency, 'crash');
  await snapshots.remove(vm, made.id, live());
});

test('a vCenter that dies keeps snapshots and disks, and the work goes on where it was', async (t) => {
  const { guest, vm, connection, snapshots, power, replica, pass } = await ground(t);
  await pass('first');
  const held = await snapshots.create(vm, { name: 'held', quiesce: 'no' }, live());
  await server.kill();
  guest.tick(20);
  const retry = (error: unknown) => error instanceof MigrationError && error.disposition === 'retry';
  await assert.rejects(power.state(vm, live()), retry);
  await assert.rejects(connectTo(server), isError('source-unreachable'));
  await server.revive();
  await using again = await connectTo(server);
  const found = await again.snapshots?.find(vm, 'held', live());
  assert.deepEqual(found, held);
  await replica.pass(again, vm, found);
  await again.snapshots?.remove(vm, held.id, live());
  await server.outage(2);
  // One more where a connection was open.
  for (let tries = 0; ; tries += 1) {
    assert.ok(tries <= 3);
    const error = await power.state(vm, live()).catch((reason: unknown) => reason);
    if (error === 'on') break;
    assert.ok(retry(error));
  }
  await power.powerOff(vm, live());
  await replica.pass(connection, vm);
  assertSame({ guest, replica });
});

test('power goes where it is sent, and who switched it is on record', async (t) => {
  const { guest, vm, power } = await ground(t);
  const { chronicle } = server.ledger;
  await server.trouble('tools-stop', guest);
  await assert.rejects(power.powerOff(vm, live()), isError('guest-not-reachable', /Tools/));
  assert.equal(await power.powerOff(vm, live(), { graceSeconds: 1, otherwise: 'force' }), 'forced');
  await server.trouble('power-on-fails', guest);
  await assert.rejects(power.powerOn(vm, live()), isError('source-busy', /resources/));
  await power.powerOn(vm, live());
  await server.trouble('guest-shuts-down', guest);
  assert.equal(await power.powerOff(vm, live()), 'was-off');
  const { writes } = guest;
  guest.tick(10);
  assert.equal(guest.writes, writes, 'a guest wrote while it was off');
  chronicle.note('target', 'on', 'test');
  await server.trouble('somebody-powers-on', guest);
  assert.equal(await power.state(vm, live()), 'on');
  assert.deepEqual(
    chronicle.together(guest.vm, 'target').map(({ machine, by }) => [machine, by]),
    [[guest.vm, 'somebody']],
  );
  chronicle.note('target', 'off', 'test');
  assert.equal(chronicle.timesOnAgain(guest.vm), 2);
  assert.deepEqual(
    chronicle
      .of(guest.vm)
      .filter(({ what }) => /^o/.test(what))
      .map(({ what, by }) => `${what} ${by}`),
    ['on test', 'off client', 'on client', 'off guest', 'on somebody'],
  );
});
