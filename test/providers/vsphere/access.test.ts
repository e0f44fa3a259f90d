import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { vsphereProvider } from '../../../providers/vsphere/index.ts';
import type { Connection, ConnectOptions } from '../../../src/contracts/provider.ts';
import type { DiskExport, SourceAccess } from '../../../src/contracts/source-access.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { LeaseSource } from '../../../src/model/transfer.ts';
import type { VmRef } from '../../../src/model/vm.ts';
import type { SimulatedGuest } from '../../peers/vcenter/guest.ts';
import { startVcenter, type Vcenter } from '../../peers/vcenter.ts';
import { type ServerAddress, startVcsim } from '../../peers/vcsim.ts';
import { live, optionsFor, sourceOf } from './simulator.ts';

const NAME = 'DC0_H0_VM0';

async function open(server: ServerAddress, transport?: ConnectOptions['transport']): Promise<Connection> {
  return await vsphereProvider.connect(sourceOf(server), {
    ...optionsFor(server),
    ...(transport !== undefined && { transport }),
  });
}

async function fetched(
  server: ServerAddress,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const sent = request(url, { ca: server.certificate, agent: false, headers }).end();
  const [reply] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: reply.statusCode ?? 0, body: await buffer(reply) };
}

function accessOf({ access }: Connection): Required<SourceAccess> {
  assert.ok(access?.openExport && access.changes && access.credentials);
  return access as Required<SourceAccess>;
}

function isError(code: string, words = /./): (error: unknown) => boolean {
  return (error) => error instanceof MigrationError && error.code === code && words.test(error.message);
}

/** A VM that is off, with two disks. */
async function twoDisks(server: Vcenter): Promise<{ readonly guest: SimulatedGuest; readonly vm: VmRef }> {
  await server.govc(['vm.disk.create', '-vm', NAME, '-name', `${NAME}/disk2`, '-size', '1M']);
  const guest = await server.guest(NAME, { tracked: true, capacity: 1024 * 1024 });
  assert.equal(guest.disks.length, 2);
  return { guest, vm: { id: guest.vm, name: NAME } };
}

async function leases(connection: Connection, vm: VmRef): Promise<readonly [LeaseSource, LeaseSource]> {
  const disks = ['scsi0:0', 'scsi0:1'].map((disk) => connection.openDisk(vm, disk, live()));
  const [first, second] = await Promise.all(disks);
  assert.ok(first?.kind === 'lease' && second?.kind === 'lease');
  return [first, second];
}

async function decoded(t: { after(end: () => Promise<void>): void }, stream: Buffer): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-access-'));
  t.after(async () => await rm(folder, { recursive: true }));
  await writeFile(join(folder, 'vmdk'), stream);
  const args = ['convert', '-f', 'vmdk', '-O', 'raw', join(folder, 'vmdk'), join(folder, 'raw')];
  await promisify(execFile)('qemu-img', args);
  return await readFile(join(folder, 'raw'));
}

test('a vCenter lends what its disks are read with', async (t) => {
  const server = await startVcenter({ vms: 1, autostart: false, leaseTimeout: 1, leasePreparing: 2 });
  t.after(async () => await server[Symbol.asyncDispose]());
  const { guest, vm } = await twoDisks(server);
  await using connection = await open(server, 'lease');
  const access = accessOf(connection);

  await t.test('a disk at rest comes in ranges, with what marks and counts it', async () => {
    await using ranged = await open(server);
    const source = await ranged.openDisk(vm, 'scsi0:1', live());
    assert.ok(source.kind === 'range');
    assert.deepEqual(source.tracking, { vm, disk: 'scsi0:1' });
    assert.ok(source.mark);
    guest.write(1, 0, Buffer.alloc(512, 9));
    const later = await ranged.openDisk(vm, 'scsi0:1', live());
    assert.ok(later.kind === 'range' && later.mark !== source.mark);
    const { headers, changes } = accessOf(ranged);
    const { status, body } = await fetched(server, source.url, { ...(await headers(source.url, live())), range: 'bytes=0-511' });
    assert.deepEqual([status, body], [206, Buffer.alloc(512, 9)]);
    const allocated = await Array.fromAsync(changes.changed({ ...source.tracking, since: 'allocated' }, live()));
    assert.ok(allocated.some(({ offset }) => offset === 0));
  });

  await t.test('the way is not changed by a session that has ended or a proxy that is busy', async () => {
    await using ranged = await open(server);
    const match = ({ path }: { readonly path: string }) => path.startsWith('/folder/');
    server.script({ match, fault: { kind: 'expire' } });
    assert.equal((await ranged.openDisk(vm, 'scsi0:1', live())).kind, 'range');
    server.clearFaults();
    server.script({ match, fault: { kind: 'status', status: 503 } });
    await assert.rejects(ranged.openDisk(vm, 'scsi0:1', live()), isError('source-answer-broken', /503/));
    server.clearFaults();
  });

  await t.test('headers that were refused are renewed once for all', async () => {
    const url = `${new URL(server.url).origin}/folder/any`;
    const old = await access.headers(url, live());
    const { logins } = server.ledger;
    await server.expireSessions();
    const renewed = await Promise.all([1, 2, 3].map(() => access.headers(url, live(), old)));
    assert.equal(server.ledger.logins, logins + 1);
    assert.equal(new Set(renewed.map((found) => JSON.stringify(found))).size, 1);
    assert.notDeepEqual(renewed[0], old);
    assert.deepEqual(await access.headers(url, live(), old), renewed[0]);
  });

  await t.test('a session that is alive and refused all the same is not renewed', async () => {
    const url = `${new URL(server.url).origin}/folder/any`;
    const { logins } = server.ledger;
    await assert.rejects(access.headers(url, live(), await access.headers(url, live())), isError('source-forbidden'));
    assert.equal(server.ledger.logins, logins);
  });

  await t.test('another host gets no cookie and is not trusted by the thumbprint of this one', async () => {
    assert.deepEqual(await access.headers('https://esx.example/nfc/disk-0.vmdk', live()), {});
    assert.deepEqual(access.trust('https://esx.example/nfc/disk-0.vmdk'), {});
    assert.deepEqual(access.trust(new URL(server.url).origin), { thumbprint: server.thumbprint.sha256 });
  });

  await t.test('disks that are read together share one lease, and each is the right one', async (t) => {
    const before = server.ledger.leases.length;
    const sources = await leases(connection, vm);
    const exports = await Promise.all(sources.map((source) => access.openExport(source, live())));
    assert.equal(server.ledger.leases.length, before + 1);
    for (const [at, { url }] of exports.entries()) {
      const { status, body } = await fetched(server, url);
      assert.equal(status, 200);
      assert.deepEqual(await decoded(t, body), guest.disks[at]?.content());
    }
    await exports[0]?.complete();
    assert.equal(server.ledger.leases.at(-1)?.state, 'ready');
    await exports[1]?.complete();
    assert.equal(server.ledger.leases.at(-1)?.state, 'completed');
    for (const each of exports) await each[Symbol.asyncDispose]();
    assert.equal(server.ledger.leases.at(-1)?.state, 'completed');
  });

  await t.test('a lease is kept alive past its time, with the progress of all its disks', async () => {
    const sources = await leases(connection, vm);
    const percents: string[] = [];
    // Four thirds of the time that the server waits for news.
    const fourth = Promise.withResolvers<void>();
    const match = ({ operation, body }: { readonly operation: string; readonly body: string }) => {
      if (operation === 'HttpNfcLeaseProgress') percents.push(/<percent>(\d+)</.exec(body)?.[1] ?? '?');
      if (percents.length === 4) fourth.resolve();
      return false;
    };
    server.script({ match, fault: { kind: 'reset' } });
    const [first, second] = await Promise.all(sources.map((source) => access.openExport(source, live())));
    assert.ok(first && second);
    first.progress(0.5);
    await fourth.promise;
    assert.equal(percents.at(-1), '25');
    assert.equal(server.ledger.leases.at(-1)?.state, 'ready');
    await Promise.all([first.complete(), second.complete()]);
    server.clearFaults();
  });

  await t.test('one disk that fails aborts the lease, when the last has ended', async () => {
    const sources = await leases(connection, vm);
    const [first, second] = await Promise.all(sources.map((source) => access.openExport(source, live())));
    assert.ok(first && second);
    await first[Symbol.asyncDispose]();
    assert.equal(server.ledger.leases.at(-1)?.state, 'ready');
    await second.complete();
    assert.equal(server.ledger.leases.at(-1)?.state, 'aborted');
  });

  await t.test('a lease that the server has ended spoils what was read from it', async () => {
    const [source] = await leases(connection, vm);
    const taken = await access.openExport(source, live());
    await server.restart();
    await assert.rejects(taken.complete(), isError('source-read-failed', /ended the export/));
  });

  await t.test('a lease that does not get ready is told with its cause, and given back', async () => {
    const [source] = await leases(connection, vm);
    server.failExport(vm.id);
    await assert.rejects(access.openExport(source, live()), isError('disk-unreachable', /not enough space/));
    assert.deepEqual(server.ledger.openLeases, []);
  });

  await t.test('whoever stops waiting leaves no lease behind', async () => {
    const [source] = await leases(connection, vm);
    const stop = new AbortController();
    const waiting = access.openExport(source, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    assert.deepEqual(server.ledger.openLeases, []);
  });

  await t.test('the end of the connection gives leases back', async () => {
    {
      await using another = await open(server, 'lease');
      const [source] = await leases(another, vm);
      await accessOf(another).openExport(source, live());
      assert.equal(server.ledger.openLeases.length, 1);
    }
    assert.deepEqual(server.ledger.openLeases, []);
  });

  await t.test('VDDK is told where it has to go', async () => {
    await using forced = await open(server, 'vddk');
    const source = await forced.openDisk(vm, 'scsi0:0', live());
    assert.ok(source.kind === 'vddk');
    assert.deepEqual(
      [source.server, source.port, source.thumbprint, source.vm, source.snapshot, source.file],
      [server.host, server.port, server.thumbprint.sha1, vm.id, undefined, guest.disks[0]?.file],
    );
    assert.deepEqual(source.tracking, { vm, disk: 'scsi0:0' });
    assert.equal((await accessOf(forced).credentials()).password, server.password);
  });

  await t.test('a running VM is read from its snapshot only', async () => {
    const [whole] = await leases(connection, vm);
    await connection.power?.powerOn(vm, live());
    await assert.rejects(access.openExport(whole, live()), isError('disk-unreachable', /InvalidPowerState/));
    const snapshot = await connection.snapshots?.create(vm, { name: 'frozen', quiesce: 'no' }, live());
    assert.ok(snapshot);
    const frozen = guest.disks[0]?.content();
    guest.write(0, 0, Buffer.alloc(4096, 5));
    const source = await connection.openDisk(vm, 'scsi0:0', live(), snapshot.id);
    assert.ok(source.kind === 'lease');
    await using taken = await access.openExport(source, live());
    assert.deepEqual(await decoded(t, (await fetched(server, taken.url)).body), frozen);
    await taken.complete();
    await using ranged = await open(server, 'range');
    const second = await connection.snapshots?.create(vm, { name: 'second', quiesce: 'no' }, live());
    await assert.rejects(
      ranged.openDisk(vm, 'scsi0:0', live(), second?.id),
      isError('disk-unreachable', /child of an older snapshot/),
    );
  });

  assert.deepEqual(server.ledger.openLeases, []);
});

test('the simulator and a standalone host grant exports too', async (t) => {
  await t.test('of a snapshot', async (t) => {
    const server = await startVcsim({ vms: 1, clusters: 0 });
    t.after(async () => await server[Symbol.asyncDispose]());
    await using connection = await open(server);
    const [vm] = await Array.fromAsync(connection.vms(live()));
    assert.ok(vm && connection.snapshots);
    const snapshot = await connection.snapshots.create(vm.ref, { name: 'export', quiesce: 'no' }, live());
    const source = await connection.openDisk(vm.ref, 'scsi0:0', live(), snapshot.id);
    assert.ok(source.kind === 'lease');
    const taken: DiskExport = await accessOf(connection).openExport(source, live());
    assert.equal((await fetched(server, taken.url)).status, 200);
    await taken.complete();
    assert.equal((await fetched(server, taken.url)).status, 404);
  });

  await t.test('where `*` stands for the host itself', async (t) => {
    const server = await startVcenter({ esx: true, vms: 1, autostart: false });
    t.after(async () => await server[Symbol.asyncDispose]());
    await using connection = await open(server, 'lease');
    const [vm] = await Array.fromAsync(connection.vms(live()));
    assert.ok(vm);
    const guest = await server.guest(vm.name, { capacity: 1024 * 1024 });
    const source = await connection.openDisk(vm.ref, 'scsi0:0', live());
    assert.ok(source.kind === 'lease');
    const taken = await accessOf(connection).openExport(source, live());
    assert.equal(new URL(taken.url).origin, new URL(server.url).origin);
    assert.deepEqual(taken.trust, { thumbprint: server.thumbprint.sha256 });
    assert.deepEqual(await decoded(t, (await fetched(server, taken.url)).body), guest.disks[0]?.content());
    await taken.complete();
  });
});
