import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readVmx } from '../../../../providers/file/vmx/read-vmx.ts';
import { sampleDisk, signal, type Workshop, withCode, workshop } from '../image/workshop.ts';

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.write('disk.raw', sampleDisk());
  await shop.qemu('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=monolithicFlat', 'disk.raw', 'web.vmdk');
  await shop.qemu('create', '-q', '-f', 'vmdk', '-b', 'web.vmdk', '-F', 'vmdk', 'web-000001.vmdk');
});
after(() => shop[Symbol.asyncDispose]());

/** Reads a VM with one disk of the given file name. */
async function readWith(file: string, more = '') {
  const disk = `scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "${file}"\n`;
  await shop.write('web.vmx', `.encoding = "UTF-8"\nconfig.version = "8"\n${disk}${more}`);
  return await readVmx(shop.path('web.vmx'), signal);
}

test('a VM in a snapshot is read with its whole chain', async () => {
  await shop.write('web.vmsd', 'snapshot.numSnapshots = "1"\n');
  const { vm, disks, unreadable } = await readWith('web-000001.vmdk');
  assert.equal(vm.ref.id, shop.path('web.vmx'));
  assert.deepEqual(vm.packaging, { kind: 'vmx', descriptor: 'web.vmx' });
  assert.deepEqual(vm.snapshots, { count: 1 });
  assert.deepEqual(vm.disks[0]?.parents, ['web.vmdk']);
  const source = disks.get('scsi0:0');
  assert.ok(source?.kind === 'image');
  assert.equal(source.capacity, 6 * 1024 * 1024);
  assert.deepEqual(
    source.layers.map(({ slices, extents }) => [slices[0]?.path, extents]),
    [
      [shop.path('web-000001.vmdk'), undefined],
      [shop.path('web.vmdk'), [shop.path('web-flat.vmdk')]],
    ],
  );
  assert.equal(unreadable, undefined);
});

test('a disk is found in a folder below, and by its name in a datastore', async () => {
  await mkdir(shop.path('below'));
  await shop.qemu('create', '-q', '-f', 'vmdk', 'below/data.vmdk', '1M');
  for (const name of ['below/data.vmdk', 'below\\data.vmdk']) {
    assert.equal((await readWith(name)).disks.get('scsi0:0')?.capacity, 1024 * 1024, name);
  }
  assert.equal((await readWith('[datastore1] web/web.vmdk')).disks.get('scsi0:0')?.capacity, 6 * 1024 * 1024);
});

test('a disk outside the folder of the VM is refused', async () => {
  await symlink('/etc/passwd', shop.path('passwd.vmdk'));
  for (const name of [
    '/etc/passwd',
    '../x.vmdk',
    'a/../../x.vmdk',
    '..\\x.vmdk',
    'C:\\x.vmdk',
    '\\\\host\\x.vmdk',
    'passwd.vmdk',
  ]) {
    await assert.rejects(readWith(name), withCode('image-extent-unsafe'), name);
  }
});

test('a disk that is not there is missing by name', async () => {
  await assert.rejects(readWith('gone.vmdk'), { code: 'package-file-missing', message: /gone\.vmdk/ });
});

test('a disk that nobody can read has facts and a reason instead of a source', async () => {
  await shop.write('rdm.vmdk', '# Disk DescriptorFile\ncreateType="vmfsRawDeviceMap"\nRW 2048 VMFSRDM "rdm-rdm.vmdk"\n');
  const { vm, disks, unreadable } = await readWith('rdm.vmdk');
  assert.equal(vm.disks[0]?.passthrough, 'rdm-virtual');
  assert.equal(disks.size, 0);
  assert.equal(unreadable?.get('scsi0:0')?.code, 'image-unsupported');
});

test('a VMX in another character set leads to its disk', async () => {
  await shop.qemu('create', '-q', '-f', 'vmdk', 'Büro.vmdk', '1M');
  const text = '.encoding = "windows-1252"\nmemsize = "64"\nscsi0:0.fileName = "Büro.vmdk"\n';
  await shop.write('büro.vmx', Buffer.from(text, 'latin1'));
  const { vm } = await readVmx(shop.path('büro.vmx'), signal);
  assert.equal(vm.disks[0]?.file, 'Büro.vmdk');
});

test('files that are no VMX end in an error that says so', async () => {
  for (const [content, code] of [
    ['just = "values"', 'vmx-malformed'],
    ['<xml>', 'vmx-malformed'],
    ['', 'vmx-malformed'],
    ['displayName = "x"\nencryption.data = "abc"\n', 'vmx-encrypted'],
    [Buffer.alloc(10 * 1024 * 1024 + 1, 35), 'descriptor-too-large'],
  ] as const) {
    await shop.write('bad.vmx', content);
    await assert.rejects(readVmx(shop.path('bad.vmx'), signal), withCode(code));
  }
  await assert.rejects(readVmx(shop.path('gone.vmx'), signal), withCode('source-not-found'));
  await assert.rejects(readVmx(shop.folder, signal), withCode('source-unrecognised'));
  await assert.rejects(readVmx('/dev/zero', signal), withCode('source-unrecognised'), 'and never reads without end');
});
