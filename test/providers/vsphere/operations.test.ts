import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../../src/model/errors.ts';
import { live, simulate, vmNamed } from './simulator.ts';

test('power, snapshots and change tracking work on a simulated vCenter', async (t) => {
  const { connection } = await simulate(t);
  const { power, snapshots, changes } = connection;
  assert.ok(power && snapshots && changes);
  const { ref } = await vmNamed(connection, 'DC0_H0_VM0');

  await t.test('a guest shuts down when it is asked', async () => {
    assert.equal(await power.state(ref, live()), 'on');
    assert.equal(await power.powerOff(ref, live(), { graceSeconds: 10, otherwise: 'fail' }), 'guest-shutdown');
    assert.equal(await power.powerOff(ref, live()), 'was-off');
    assert.equal(await power.state(ref, live()), 'off');
  });

  await t.test('power comes back, and a second request changes nothing', async () => {
    await power.powerOn(ref, live());
    await power.powerOn(ref, live());
    assert.equal(await power.state(ref, live()), 'on');
  });

  await t.test('without time for the guest the policy decides', async () => {
    await assert.rejects(
      power.powerOff(ref, live(), { graceSeconds: 0, otherwise: 'fail' }),
      (error) => error instanceof MigrationError && error.code === 'guest-not-reachable',
    );
    assert.equal(await power.state(ref, live()), 'on');
    assert.equal(await power.powerOff(ref, live(), { graceSeconds: 0, otherwise: 'force' }), 'forced');
    await power.powerOn(ref, live());
  });

  await t.test('a snapshot is found again by its name and is not made twice', async () => {
    const request = { name: 'kubeferry-1', quiesce: 'preferred' } as const;
    const made = await snapshots.create(ref, request, live());
    assert.equal(made.name, 'kubeferry-1');
    assert.deepEqual(await snapshots.find(ref, 'kubeferry-1', live()), made);
    assert.equal((await snapshots.create(ref, request, live())).id, made.id);
    assert.equal((await vmNamed(connection, 'DC0_H0_VM0')).snapshots.count, 1);
    await snapshots.remove(ref, made.id, live());
    await snapshots.remove(ref, made.id, live());
    assert.equal(await snapshots.find(ref, 'kubeferry-1', live()), undefined);
  });

  await t.test('change tracking is switched on once and leaves no snapshot', async () => {
    const state = await changes.enable(ref, live());
    assert.deepEqual(state, { tracked: ['scsi0:0'], untracked: [] });
    assert.deepEqual(await changes.enable(ref, live()), state);
    const after = await vmNamed(connection, 'DC0_H0_VM0');
    assert.equal(after.snapshots.count, 0);
    assert.equal(after.disks[0]?.changeTracking, true);
  });

  await t.test('a server without the query says that changes are not known', async () => {
    const snapshot = await snapshots.create(ref, { name: 'kubeferry-2', quiesce: 'no' }, live());
    const asked = changes.changed({ vm: ref, snapshot: snapshot.id, disk: 'scsi0:0', since: 'allocated' }, live());
    await assert.rejects(
      Array.fromAsync(asked),
      (error) => error instanceof MigrationError && error.code === 'change-tracking-unavailable',
    );
    await snapshots.remove(ref, snapshot.id, live());
  });

  await t.test('the disk of a running VM is opened from a snapshot only', async () => {
    await assert.rejects(
      connection.openDisk(ref, 'scsi0:0', live()),
      (error) => error instanceof MigrationError && error.code === 'disk-unreachable',
    );
    const snapshot = await snapshots.create(ref, { name: 'kubeferry-3', quiesce: 'no' }, live());
    const source = await connection.openDisk(ref, 'scsi0:0', live(), snapshot.id);
    assert.ok(source.kind === 'lease');
    assert.deepEqual(source.of, { type: 'VirtualMachineSnapshot', id: snapshot.id });
    await snapshots.remove(ref, snapshot.id, live());
  });
});
