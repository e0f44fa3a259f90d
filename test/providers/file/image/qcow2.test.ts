import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sampleDisk, type Workshop, withCode, workshop } from './workshop.ts';

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.write('disk.raw', sampleDisk());
  await shop.qemu('convert', '-f', 'raw', '-O', 'qcow2', 'disk.raw', 'disk.qcow2');
});
after(() => shop[Symbol.asyncDispose]());

async function patched(offset: number, bytes: readonly number[]) {
  await shop.write('bad.qcow2', await shop.read('disk.qcow2'));
  await shop.patch('bad.qcow2', offset, Buffer.from(bytes));
  return await shop.probe('bad.qcow2');
}

test('an encrypted image is described and cannot be read', async () => {
  const secret = 'secret,id=s,data=passphrase';
  await shop.qemu(
    'create',
    '-q',
    '--object',
    secret,
    '-f',
    'qcow2',
    '-o',
    'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10',
    'luks.qcow2',
    '1M',
  );
  const probed = await shop.probe('luks.qcow2');
  assert.equal(probed.encrypted, true);
  assert.equal(probed.capacity, 1024 * 1024);
  assert.equal(probed.unreadable?.code, 'image-unsupported');
});

test('an external data file is found beside the image and nowhere else', async () => {
  await shop.qemu('create', '-q', '-f', 'qcow2', '-o', 'data_file=data.bin', 'split.qcow2', '1M');
  const probed = await shop.probe('split.qcow2');
  assert.deepEqual(probed.layers[0].extents, [shop.path('data.bin')]);
  assert.equal(probed.unreadable?.code, 'image-unsupported', 'qemu-img would open what the header names');
  const image = await shop.read('split.qcow2');
  const at = image.indexOf('data.bin');
  for (const [name, code] of [
    ['gone.bin', 'image-extent-missing'],
    ['/etc/pwd', 'image-extent-unsafe'],
    ['../a.bin', 'image-extent-unsafe'],
    ['nbd:a.bi', 'image-extent-unsafe'],
  ] as const) {
    image.write(name, at);
    await shop.write('bad.qcow2', image);
    await assert.rejects(shop.probe('bad.qcow2'), withCode(code), name);
  }
});

test('internal snapshots, zstd and an unclean end are noted', async () => {
  await shop.qemu('convert', '-f', 'raw', '-O', 'qcow2', 'disk.raw', 'noted.qcow2');
  await shop.qemu('snapshot', '-c', 'before', 'noted.qcow2');
  assert.deepEqual((await shop.probe('noted.qcow2')).extras, [{ path: 'image/internalSnapshots', value: '1' }]);
  await shop.qemu('convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', 'compression_type=zstd', 'disk.raw', 'zstd.qcow2');
  assert.deepEqual((await shop.probe('zstd.qcow2')).extras, [{ path: 'image/compression', value: 'zstd' }]);
  assert.deepEqual((await patched(79, [1])).extras, [{ path: 'image/dirty', value: 'true' }]);
});

test('an image that QEMU marked as corrupt is described and cannot be read', async () => {
  assert.equal((await patched(79, [2])).unreadable?.code, 'image-malformed');
});

test('features and versions that nobody knows are refused', async () => {
  await assert.rejects(patched(78, [1]), withCode('image-unsupported'));
  await assert.rejects(patched(7, [1]), withCode('image-unsupported'));
});

test('impossible numbers in a qcow2 header are refused', async () => {
  for (const [name, offset, bytes, code] of [
    ['clusters of 2^60', 20, [0, 0, 0, 60], 'image-malformed'],
    ['size 0', 24, [0, 0, 0, 0, 0, 0, 0, 0], 'image-malformed'],
    ['size 2^60', 24, [16, 0, 0, 0, 0, 0, 0, 0], 'image-too-large'],
    ['size of a part of a sector', 31, [1], 'image-malformed'],
    ['first table of 0', 36, [0, 0, 0, 0], 'image-malformed'],
    ['first table at 2^60', 40, [16, 0, 0, 0, 0, 0, 0, 0], 'image-truncated'],
    ['a backing name of 4 GiB', 8, [0, 0, 0, 0, 0, 0, 1, 0, 255, 255, 255, 255], 'image-malformed'],
    ['a header of 4 GiB', 100, [255, 255, 255, 255], 'image-malformed'],
  ] as const) {
    await assert.rejects(patched(offset, bytes), withCode(code), name);
  }
});

test('a backing file that is no file is described and cannot be read, or refused', async () => {
  await shop.qemu('create', '-q', '-u', '-f', 'qcow2', '-b', 'disk.raw', '-F', 'host_device', 'device.qcow2', '1M');
  await assert.rejects(async () => {
    const { unreadable } = await shop.probe('device.qcow2');
    throw unreadable;
  }, withCode('image-unsupported'));
  await shop.qemu('create', '-q', '-u', '-f', 'qcow2', '-b', 'nbd://localhost/x', '-F', 'raw', 'net.qcow2', '1M');
  await assert.rejects(shop.probe('net.qcow2'), withCode('image-extent-unsafe'));
});
