/**
 * A cold migration of a VM with two disks from a vCenter to a folder, by the command line, over each way to the bytes that needs no library of
 * the user's: what arrives is what the guest's own disks hold. Sessions, leases and snapshots are all ended.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConnectOptions } from '../../src/contracts/provider.ts';
import { connect } from '../../src/wire.ts';
import { kubeferry } from '../cli/session.ts';
import { startVcenter } from '../peers/vcenter.ts';

const NAME = 'DC0_H0_VM0';
const MiB = 1024 * 1024;

for (const transport of ['range', 'lease'] as const) {
  test(`a VM that is off arrives byte for byte (${transport})`, async (t) => {
    const server = await startVcenter({ vms: 1, clusters: 0, autostart: false, leasePreparing: 1 });
    t.after(async () => await server[Symbol.asyncDispose]());
    await server.govc(['vm.disk.create', '-vm', NAME, '-name', `${NAME}/disk2`, '-size', '1M']);
    const guest = await server.guest(NAME, { capacity: 6 * MiB, seed: 5 });
    // That of govc, which leaves it behind.
    await server.expireSessions();
    const folder = await mkdtemp(join(tmpdir(), 'kubeferry-vsphere-'));
    t.after(async () => await rm(folder, { recursive: true, force: true }));
    const source = `vsphere://${encodeURIComponent(server.username)}@${server.host}:${server.port}`;
    const services = {
      credentials: { environment: { KUBEFERRY_PASSWORD: server.password } },
      connect: async (from: string, options: ConnectOptions) => await connect(from, { ...options, transport }),
    };
    // Disks are looked at before they are read: the session ends once among the looks and once among the bytes.
    const match = ({ path }: { readonly path: string }) => path.startsWith('/folder/');
    for (const nth of [2, 7]) server.script({ match, nth, fault: { kind: 'expire' } });
    const args = [
      'migrate',
      '--guest',
      'none',
      source,
      NAME,
      '--to',
      join(folder, 'out'),
      '--thumbprint',
      server.thumbprint.sha256,
    ];
    const { code, out, err } = await kubeferry(args, { services });
    assert.equal(code, 0, `${out}\n${err}`);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.img') || name.endsWith('.raw'));
    const arrived = await Promise.all(names.sort().map(async (name) => await readFile(join(folder, name))));
    assert.equal(arrived.length, 2, names.join(', '));
    assert.equal(server.ledger.struck.length, transport === 'range' ? 2 : 0);
    const expected = guest.disks.map((disk) => disk.content());
    for (const [at, bytes] of expected.entries()) assert.ok(arrived[at]?.equals(bytes), `disk ${at} differs`);
    assert.deepEqual(server.ledger.openSessions, []);
    assert.deepEqual(server.ledger.openLeases, []);
    assert.deepEqual(server.ledger.openSnapshots, []);
    assert.equal(server.ledger.leases.length, transport === 'lease' ? 1 : 0);
  });
}

test('a running VM is stopped for its copy, and started again when that fails', async (t) => {
  const server = await startVcenter({ vms: 1, clusters: 0 });
  t.after(async () => await server[Symbol.asyncDispose]());
  const guest = await server.guest(NAME, { capacity: 3 * MiB, seed: 9 });
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-vsphere-'));
  t.after(async () => await rm(folder, { recursive: true, force: true }));
  const source = `vsphere://${encodeURIComponent(server.username)}@${server.host}:${server.port}`;
  const services = { credentials: { environment: { KUBEFERRY_PASSWORD: server.password } } };
  const to = ['--to', join(folder, 'out'), '--thumbprint', server.thumbprint.sha256, '--shutdown-grace', '0'];
  const powerState = async () => await server.govc(['vm.info', '-json', NAME]);

  // The disk's file cannot be had: neither as a file nor by an export.
  const match = ({ path }: { readonly path: string }) => path.startsWith('/folder/');
  server.script({ match, nth: 1, fault: { kind: 'status', status: 404 } });
  const blocked = await kubeferry(['migrate', '--guest', 'none', source, NAME, '--transport', 'range', ...to], { services });
  assert.equal(blocked.code, 3, blocked.err);
  assert.match(blocked.out, /The source runs again\./);
  assert.match(await powerState(), /"powerState": ?"poweredOn"/);

  const { code, out, err } = await kubeferry(['migrate', '--guest', 'none', source, NAME, '--resume', ...to], { services });
  assert.equal(code, 0, `${out}\n${err}`);
  assert.match(await powerState(), /"powerState": ?"poweredOff"/);
  const [name = ''] = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.img'));
  assert.ok((await readFile(join(folder, name))).equals(guest.disks[0]?.content() ?? Buffer.alloc(0)), 'the disk differs');
  assert.deepEqual(server.ledger.openSessions, []);
});

for (const transport of ['range', 'lease'] as const) {
  test(`a disk comes no faster than it may (${transport})`, async (t) => {
    const server = await startVcenter({ vms: 1, clusters: 0, autostart: false });
    t.after(async () => await server[Symbol.asyncDispose]());
    const guest = await server.guest(NAME, { capacity: (transport === 'range' ? 4 : 16) * MiB, seed: 9 });
    const folder = await mkdtemp(join(tmpdir(), 'kubeferry-vsphere-'));
    t.after(async () => await rm(folder, { recursive: true, force: true }));
    const source = `vsphere://${encodeURIComponent(server.username)}@${server.host}:${server.port}`;
    const services = { credentials: { environment: { KUBEFERRY_PASSWORD: server.password } } };
    const ways = ['--transport', transport, '--thumbprint', server.thumbprint.sha256, '--bandwidth', '1MiB/s'];
    const began = performance.now();
    const { code, out, err } = await kubeferry(
      ['migrate', '--guest', 'none', source, NAME, '--to', join(folder, 'out'), ...ways],
      { services },
    );
    assert.equal(code, 0, `${out}\n${err}`);
    const content = guest.disks[0]?.content() ?? Buffer.alloc(0);
    // Without change tracking a file is read as a whole; an export leaves grains of zeros out.
    const bytes = transport === 'range' ? content.length : bytesOfGrains(content);
    assert.ok(bytes > 1.5 * MiB, 'there is something to hold back');
    // The first second's worth is there from the beginning.
    assert.ok(performance.now() - began > 1000 * (bytes / MiB - 1.1), `${bytes} bytes came too fast`);
  });
}

function bytesOfGrains(content: Buffer): number {
  const grain = 64 * 1024;
  let bytes = 0;
  for (let at = 0; at < content.length; at += grain)
    if (content.subarray(at, at + grain).some((byte) => byte !== 0)) bytes += grain;
  return bytes;
}
