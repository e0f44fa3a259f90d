import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { relative } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { listFolder } from '../../../providers/file/folder.ts';
import { sampleDisk, signal, type Workshop, withCode, workshop } from './image/workshop.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await workshop();
});
afterEach(() => shop[Symbol.asyncDispose]());

async function list(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { kind, path } of listFolder(shop.folder, signal)) found.push(`${kind} ${relative(shop.folder, path)}`);
  return found;
}

test('packages and images are listed by name, the folder first, then the folders in it, one level deep', async () => {
  await mkdir(shop.path('b/deeper'), { recursive: true });
  await mkdir(shop.path('a'));
  await shop.qemu('create', '-q', '-f', 'qcow2', 'z.qcow2', '1M');
  await shop.qemu('create', '-q', '-f', 'vdi', 'b/disk.vdi', '1M');
  await shop.qemu('create', '-q', '-f', 'vdi', 'b/deeper/disk.vdi', '1M');
  await shop.write('a/web.vmx', 'memsize = "1"');
  await shop.write('m.ova', '');
  await shop.write('n.OVF', '');
  assert.deepEqual(await list(), ['ova m.ova', 'ovf n.OVF', 'image z.qcow2', 'vmx a/web.vmx', 'image b/disk.vdi']);
});

test('the disks of a VMX are not listed again, down to extents and parents, and files beside VMs never', async () => {
  await shop.qemu('create', '-q', '-f', 'vmdk', '-o', 'subformat=twoGbMaxExtentFlat', 'web.vmdk', '1M');
  await shop.qemu('create', '-q', '-f', 'vmdk', '-b', 'web.vmdk', '-F', 'vmdk', 'web-000001.vmdk');
  await shop.write('web.vmx', 'memsize = "1"\nscsi0:0.fileName = "web-000001.vmdk"\n');
  await shop.write('web-ctk.vmdk', Buffer.from('08d0a2a200000000', 'hex'));
  for (const name of ['web.nvram', 'web.vmsd', 'web.vswp', 'install.iso', 'notes.txt', 'SHA256.mf']) {
    await shop.write(name, sampleDisk());
  }
  await mkdir(shop.path('web.vmdk.lck'));
  assert.deepEqual(await list(), ['vmx web.vmx']);
});

test('files that an OVF names are its own', async () => {
  await shop.qemu('create', '-q', '-f', 'vmdk', 'my disk.vmdk', '1M');
  await shop.write('web.ovf', '<Envelope><References><File ovf:href="my%20disk.vmdk" ovf:id="f"/></References></Envelope>');
  assert.deepEqual(await list(), ['ovf web.ovf']);
});

test('two images on one parent are two VMs, the parent is none', async () => {
  await shop.qemu('create', '-q', '-f', 'qcow2', 'base.qcow2', '1M');
  for (const name of ['one', 'two']) {
    await shop.qemu('create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', `${name}.qcow2`);
  }
  assert.deepEqual(await list(), ['image one.qcow2', 'image two.qcow2']);
});

test('images that name each other as parents are not lost: the first is listed', async () => {
  for (const [name, parent] of [
    ['a', 'b'],
    ['b', 'a'],
  ]) {
    await shop.qemu('create', '-q', '-u', '-f', 'qcow2', '-b', `${parent}.qcow2`, '-F', 'qcow2', `${name}.qcow2`, '1M');
  }
  assert.deepEqual(await list(), ['image a.qcow2']);
});

test('what cannot be read is listed, so that reading it says why', async () => {
  await shop.write('broken.vmdk', 'rubbish');
  await shop.write('broken.vmx', 'rubbish');
  await shop.write('empty.qcow2', '');
  assert.deepEqual(await list(), ['image broken.vmdk', 'vmx broken.vmx', 'image empty.qcow2']);
});

test('images are found by content under any name, links only inside the folder', async () => {
  await shop.qemu('create', '-q', '-f', 'qcow2', 'cloud', '1M');
  await shop.write('partitions', sampleDisk());
  await shop.write('README', 'hello');
  await symlink('/etc/passwd', shop.path('out.img'));
  await symlink('nowhere', shop.path('dangling.img'));
  assert.deepEqual(await list(), ['image cloud', 'image partitions']);
});

test('an empty folder lists nothing, a missing one is an error', async () => {
  assert.deepEqual(await list(), []);
  await assert.rejects(async () => {
    for await (const _ of listFolder(shop.path('gone'), signal)) assert.fail();
  }, withCode('source-not-found'));
});
