import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readImageFile } from '../../../../providers/file/image/bare-image.ts';
import { signal, type Workshop, withCode, workshop } from './workshop.ts';

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.qemu('create', '-q', '-f', 'qcow2', 'web.v2.qcow2', '1M');
});
after(() => shop[Symbol.asyncDispose]());

test('an image is a VM of which only the disk is known', async () => {
  const { vm, disks } = await readImageFile(shop.path('web.v2.qcow2'), signal);
  assert.equal(vm.name, 'web.v2');
  assert.deepEqual(vm.ref, { id: shop.path('web.v2.qcow2'), name: 'web.v2' });
  assert.deepEqual([vm.cpu, vm.memory, vm.firmware, vm.guest, vm.controllers, vm.nics], [{}, {}, {}, {}, [], []]);
  assert.deepEqual(vm.disks, [
    {
      key: 'disk0',
      label: 'Hard disk 1',
      file: 'web.v2.qcow2',
      capacity: 1024 * 1024,
      format: { container: 'qcow2', variant: 'v3' },
      allocated: 0,
    },
  ]);
  const source = disks.get('disk0');
  assert.ok(source?.kind === 'image');
  assert.equal(source.layers[0].slices[0]?.path, shop.path('web.v2.qcow2'));
});

test('a link that the user gives is followed', async () => {
  await symlink('web.v2.qcow2', shop.path('current'));
  assert.equal((await readImageFile(shop.path('current'), signal)).vm.ref.id, shop.path('web.v2.qcow2'));
});

test('paths that lead to no file end in an error that says so', async () => {
  await assert.rejects(readImageFile(shop.path('gone.vmdk'), signal), withCode('source-not-found'));
  await assert.rejects(readImageFile('/dev/zero', signal), withCode('source-unrecognised'));
});
