import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceVm } from '../../../src/model/vm.ts';
import { startVcenter } from '../../peers/vcenter.ts';
import { connectTo, live } from './simulator.ts';

const MiB = 1024 * 1024;

test('one VM is read again for little, with its disks, host and datastore of now', async (t) => {
  const server = await startVcenter({
    vms: 1,
    model: { datastore: 2 },
    guests: { web: { disks: [2 * MiB, MiB], tracked: true }, db: { disks: [MiB] } },
  });
  t.after(async () => await server[Symbol.asyncDispose]());
  await using connection = await connectTo(server);
  const web = server.guestOf('web');
  const ref = { id: web.vm, name: 'web' };

  async function look(): Promise<SourceVm> {
    const vm = await connection.vm?.(ref, live());
    assert.ok(vm);
    return vm;
  }

  const first = await look();
  assert.deepEqual(
    first,
    (await Array.fromAsync(connection.vms(live()))).find(({ name }) => name === 'web'),
  );

  await t.test('a second look is one call, and one about storage policies', async () => {
    const { length } = server.ledger.requests;
    assert.deepEqual(await look(), first);
    assert.deepEqual(server.ledger.requests.slice(length), ['RetrievePropertiesEx', 'PbmQueryAssociatedProfiles']);
  });

  await t.test('another VM is known by its own tags', async () => {
    await server.govc(['tags.category.create', 'tier']);
    await server.govc(['tags.create', '-c', 'tier', 'gold']);
    await server.govc(['tags.attach', '-c', 'tier', 'gold', '/DC0/vm/db']);
    const db = await connection.vm?.({ id: server.guestOf('db').vm, name: 'db' }, live());
    assert.deepEqual(db?.tags, [{ category: 'tier', name: 'gold' }]);
  });

  await t.test('a disk that grew, came or went is seen', async () => {
    server.others.grow(web, 1, MiB);
    await server.others.addDisk(web, 4 * MiB);
    const capacities = ({ disks }: SourceVm) => disks.map(({ key, capacity }) => [key, capacity]);
    const disks = [
      ['scsi0:0', 2 * MiB],
      ['scsi0:1', 2 * MiB],
      ['scsi0:2', 4 * MiB],
    ];
    assert.deepEqual(capacities(await look()), disks);
    await server.others.removeDisk(web, 2);
    assert.deepEqual(capacities(await look()), disks.slice(0, 2));
  });

  await t.test('a VM that moved is on another host, its disks on another datastore', async () => {
    await server.trouble('vmotion', web);
    assert.notEqual((await look()).placement?.host, first.placement?.host);
    await server.trouble('storage-vmotion', web);
    assert.deepEqual(
      (await look()).disks.map(({ storage, file }) => [storage?.name, file]),
      [
        ['LocalDS_1', '[LocalDS_1] web/web.vmdk'],
        ['LocalDS_1', web.disks[1]?.file],
      ],
    );
  });

  await t.test('a VM that is gone is none', async () => {
    await server.drop(web);
    assert.equal(await connection.vm?.(ref, live()), undefined);
  });
});
