import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vsphereProvider } from '../../../providers/vsphere/index.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Extent } from '../../../src/model/transfer.ts';
import { startVcenter } from '../../peers/vcenter.ts';
import { connectTo, live, optionsFor, sourceOf } from './simulator.ts';

test('sessions and change tracking survive what a vCenter does to them', async (t) => {
  const server = await startVcenter({ vms: 3, domains: ['vsphere.local', 'corp.example'] });
  t.after(async () => await server[Symbol.asyncDispose]());

  await t.test('a session that ends between pages or tasks is renewed, and nothing is lost or told twice', async () => {
    await using connection = await connectTo(server);
    const before = await Array.fromAsync(connection.vms(live()));
    const ids: string[] = [];
    for await (const vm of connection.vms(live())) {
      if (ids.length % 2 === 0) await server.expireSessions();
      ids.push(vm.ref.id);
    }
    assert.deepEqual(
      ids,
      before.map(({ ref }) => ref.id),
    );
    await server.expireSessions();
    const [first] = before;
    assert.ok(first && connection.snapshots);
    const made = await connection.snapshots.create(first.ref, { name: 'kept', quiesce: 'no' }, live());
    await server.expireSessions();
    await connection.snapshots.remove(first.ref, made.id, live());
  });

  await t.test('every session is closed', () => {
    assert.deepEqual(server.ledger.openSessions, []);
  });

  await t.test('a wrong password is tried once, and the error does not repeat it', async () => {
    const { logins } = server.ledger;
    const options = { ...optionsFor(server), credentials: async () => ({ user: server.username, password: 'hush-hush' }) };
    await assert.rejects(
      vsphereProvider.connect(sourceOf(server), options),
      (error) =>
        error instanceof MigrationError && error.code === 'source-login-failed' && !JSON.stringify(error).includes('hush-hush'),
    );
    assert.equal(server.ledger.logins, logins + 1);
  });

  await t.test('a name without its domain is told so', async () => {
    const options = { ...optionsFor(server), credentials: async () => ({ user: 'administrator', password: server.password }) };
    await assert.rejects(
      vsphereProvider.connect(sourceOf(server), options),
      (error) => error instanceof MigrationError && error.code === 'source-login-failed' && /no domain/.test(error.hint),
    );
  });

  await t.test('a domain that is no identity source is pointed at', async () => {
    const { logins } = server.ledger;
    const options = {
      ...optionsFor(server),
      credentials: async () => ({ user: 'jane@wrong.example', password: server.password }),
    };
    await assert.rejects(
      vsphereProvider.connect(sourceOf(server), options),
      (error) =>
        error instanceof MigrationError &&
        error.code === 'source-login-failed' &&
        /after @ is an identity source/.test(error.hint),
    );
    assert.equal(server.ledger.logins, logins + 1);
  });

  await t.test('a locked account is named, and not made worse by trying again', async () => {
    server.lockAccount(server.username);
    const { logins } = server.ledger;
    await assert.rejects(
      connectTo(server),
      (error) => error instanceof MigrationError && error.code === 'source-login-failed' && /is locked/.test(error.message),
    );
    assert.equal(server.ledger.logins, logins + 1);
    server.unlockAccount(server.username);
    await using connection = await connectTo(server);
    server.lockAccount(server.username);
    await server.expireSessions();
    await assert.rejects(
      connection.surroundings(live()),
      (error) => error instanceof MigrationError && /is locked/.test(error.message),
    );
    assert.equal(server.ledger.logins, logins + 3);
    server.unlockAccount(server.username);
  });

  await t.test('a wrong thumbprint is refused before a login is sent', async () => {
    const { logins } = server.ledger;
    const options = { ...optionsFor(server), trust: { thumbprint: 'b'.repeat(40) } };
    await assert.rejects(
      vsphereProvider.connect(sourceOf(server), options),
      (error) => error instanceof MigrationError && error.code === 'source-untrusted',
    );
    assert.equal(server.ledger.logins, logins);
  });

  await t.test('what changed between two snapshots is what the guest wrote', async () => {
    const guest = await server.guest('DC0_H0_VM0', { tracked: true, seed: 7 });
    await using connection = await connectTo(server);
    const { snapshots, changes } = connection;
    assert.ok(snapshots && changes);
    const ref = { id: guest.vm, name: 'DC0_H0_VM0' };
    const first = await snapshots.create(ref, { name: 'first', quiesce: 'preferred' }, live());
    assert.equal(first.consistency, 'filesystem');
    const checkpoint = first.checkpoints['scsi0:0'];
    assert.ok(checkpoint !== undefined);
    await snapshots.remove(ref, first.id, live());
    guest.write(0, 1024 * 1024, Buffer.alloc(4096, 7));
    const second = await snapshots.create(ref, { name: 'second', quiesce: 'preferred' }, live());
    const question = { vm: ref, snapshot: second.id, disk: 'scsi0:0' };
    const changed: readonly Extent[] = await Array.fromAsync(changes.changed({ ...question, since: { checkpoint } }, live()));
    assert.ok(changed.some(({ offset, length }) => offset <= 1024 * 1024 && offset + length >= 1024 * 1024 + 4096));
    const allocated = await Array.fromAsync(changes.changed({ ...question, since: 'allocated' }, live()));
    assert.ok(allocated.length > 0);
    const bytes = (extents: readonly Extent[]) => extents.reduce((sum, { length }) => sum + length, 0);
    assert.ok(bytes(changed) < bytes(allocated));
    await assert.rejects(
      Array.fromAsync(changes.changed({ ...question, since: { checkpoint: `00 ${checkpoint}` } }, live())),
      (error) => error instanceof MigrationError && error.code === 'change-tracking-reset',
    );
    const source = await connection.openDisk(ref, 'scsi0:0', live(), second.id);
    assert.equal(source.kind, 'range');
    server.failConsolidation(guest.vm);
    await snapshots.remove(ref, second.id, live());
    assert.deepEqual(server.ledger.openSnapshots, []);
  });
});
