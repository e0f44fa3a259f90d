import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { probeImage } from '../../../../providers/file/image/probe.ts';
import { sampleDisk, signal, type Workshop, withCode, workshop } from './workshop.ts';

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.write('disk.raw', sampleDisk());
});
after(() => shop[Symbol.asyncDispose]());

/** Every format and kind that qemu-img writes: our name, variant, qemu's arguments, whether headers tell what is allocated. */
const KINDS = [
  ['a.vmdk', 'monolithicSparse', ['-O', 'vmdk', '-o', 'subformat=monolithicSparse'], true],
  ['b.vmdk', 'streamOptimized', ['-O', 'vmdk', '-o', 'subformat=streamOptimized'], true],
  ['c.vmdk', 'monolithicFlat', ['-O', 'vmdk', '-o', 'subformat=monolithicFlat'], false],
  ['d.vmdk', 'twoGbMaxExtentSparse', ['-O', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse'], true],
  ['e.vmdk', 'twoGbMaxExtentFlat', ['-O', 'vmdk', '-o', 'subformat=twoGbMaxExtentFlat'], false],
  ['f.vhd', 'dynamic', ['-O', 'vpc', '-o', 'subformat=dynamic,force_size=on'], true],
  ['g.vhd', 'fixed', ['-O', 'vpc', '-o', 'subformat=fixed,force_size=on'], false],
  ['h.vhdx', 'dynamic', ['-O', 'vhdx', '-o', 'subformat=dynamic,block_size=1M'], true],
  ['i.vhdx', 'fixed', ['-O', 'vhdx', '-o', 'subformat=fixed,block_size=1M'], true],
  ['j.qcow2', 'v3', ['-O', 'qcow2'], true],
  ['k.qcow2', 'v2', ['-O', 'qcow2', '-o', 'compat=0.10'], true],
  ['l.qcow2', 'v3', ['-O', 'qcow2', '-c'], true],
  ['m.qcow2', 'v3', ['-O', 'qcow2', '-o', 'cluster_size=512'], true],
  ['n.qcow2', 'v3', ['-O', 'qcow2', '-o', 'extended_l2=on'], false],
  ['o.vdi', 'dynamic', ['-O', 'vdi'], true],
  ['p.vdi', 'fixed', ['-O', 'vdi', '-o', 'static=on'], true],
  ['q.img', undefined, ['-O', 'raw'], false],
] as const;

for (const [name, variant, args, tellsAllocated] of KINDS) {
  test(`${name.replace(/^\w\./, '')} ${variant ?? ''} ${args.at(-1)} is read as qemu-img reads it`, async () => {
    await shop.qemu('convert', '-f', 'raw', ...args, 'disk.raw', name);
    const probed = await shop.probe(name);
    const info = await shop.info(name);
    assert.equal(probed.capacity, info['virtual-size']);
    assert.equal(probed.layers.length, 1);
    assert.equal(probed.layers[0].format, info['format'] === 'vpc' ? 'vhd' : info['format']);
    assert.equal(probed.format.container, probed.layers[0].format);
    assert.equal(probed.format.variant, variant);
    assert.equal(probed.unreadable, undefined);
    assert.equal(probed.parents, undefined);
    assert.equal(probed.allocated !== undefined, tellsAllocated);
  });
}

test('what the headers call allocated is what qemu-img maps as data', async () => {
  for (const name of ['a.vmdk', 'b.vmdk', 'd.vmdk', 'f.vhd', 'j.qcow2', 'k.qcow2', 'm.qcow2', 'o.vdi']) {
    const { allocated } = await shop.probe(name);
    assert.equal(allocated, await shop.mapped(name), name);
  }
});

test('the extents of a descriptor come with their absolute paths', async () => {
  const { layers } = await shop.probe('c.vmdk');
  assert.deepEqual(layers[0].extents, [shop.path('c-flat.vmdk')]);
  assert.deepEqual((await shop.probe('d.vmdk')).layers[0].extents, [shop.path('d-s001.vmdk')]);
});

test('an image is known by its content under any name', async () => {
  for (const [from, to] of [
    ['j.qcow2', 'cloud.img'],
    ['b.vmdk', 'stream.bin'],
    ['h.vhdx', 'nothing'],
    ['g.vhd', 'footer'],
    ['disk.raw', 'partitions'],
  ] as const) {
    await shop.write(to, await shop.read(from));
    const [copied, original] = [await shop.probe(to), await shop.probe(from)];
    assert.equal(copied.format.container, original.format.container, to);
    assert.equal(copied.capacity, original.capacity, to);
  }
});

test('a raw disk whose guest left a VHD footer in the last sector stays raw when its name says so', async () => {
  await shop.write('footer.raw', await shop.read('g.vhd'));
  assert.equal((await shop.probe('footer.raw')).format.container, 'raw');
});

test('a raw image of an odd size is rounded up to whole sectors, and its size is noted', async () => {
  await shop.write('odd.img', Buffer.alloc(1000, 7));
  const probed = await shop.probe('odd.img');
  assert.equal(probed.capacity, 1024);
  assert.deepEqual(probed.extras, [{ path: 'image/size', value: '1000' }]);
});

test('an image cut anywhere is truncated, not smaller', async () => {
  for (const name of ['a.vmdk', 'b.vmdk', 'f.vhd', 'g.vhd', 'h.vhdx', 'j.qcow2', 'l.qcow2', 'm.qcow2', 'o.vdi', 'p.vdi']) {
    const whole = await shop.read(name);
    await shop.write(`cut-${name}`, whole.subarray(0, Math.floor(whole.length / 2)));
    // A fixed VHD says what it is only at its end.
    const code = name === 'g.vhd' ? 'source-unrecognised' : 'image-truncated';
    await assert.rejects(shop.probe(`cut-${name}`), withCode(code), name);
  }
});

test('files that are no disk are told as what they are', async () => {
  const cd = Buffer.alloc(64 * 1024);
  cd.write('CD001', 32_769);
  for (const [name, content, says] of [
    ['a.gz', gzipSync('x'), /gzip/],
    ['a.zip', Buffer.from('PK\x03\x04rest'), /zip/],
    ['a.xz', Buffer.from('\xfd7zXZ\0rest', 'latin1'), /xz/],
    ['a.iso', cd, /CD/],
    ['a.txt', Buffer.from('hello'), /partition/],
    ['fake.vmdk', Buffer.alloc(4096), /VMDK/],
    ['fake.qcow2', Buffer.alloc(4096), /QCOW2/],
    ['split-f001.vmdk', sampleDisk(), /VMDK/],
  ] as const) {
    await shop.write(name, content);
    await assert.rejects(shop.probe(name), { code: 'source-unrecognised', message: says }, name);
  }
});

test('an empty image is no disk', async () => {
  await shop.write('empty.img', '');
  await assert.rejects(shop.probe('empty.img'), withCode('image-malformed'));
});

test('an image in several slices inside another file is read where it is', async () => {
  const image = await shop.read('b.vmdk');
  const middle = 1000;
  await shop.write(
    'archive',
    Buffer.concat([Buffer.alloc(512), image.subarray(0, middle), Buffer.alloc(9), image.subarray(middle)]),
  );
  const path = shop.path('archive');
  const probed = await probeImage(
    {
      name: 'disk1.vmdk',
      slices: [
        { path, offset: 512, length: middle },
        { path, offset: 512 + middle + 9, length: image.length - middle },
      ],
    },
    signal,
  );
  assert.deepEqual({ ...probed, layers: [] }, { ...(await shop.probe('b.vmdk')), layers: [] });
  assert.equal(probed.layers[0].slices.length, 2);
});

test('a flat VMDK inside an archive becomes its extents in order', async () => {
  const descriptor = await shop.read('c.vmdk');
  const flat = await shop.read('c-flat.vmdk');
  await shop.write('flat.tar', Buffer.concat([descriptor, flat]));
  const path = shop.path('flat.tar');
  const slice = { path, offset: descriptor.length, length: flat.length };
  const location = { name: 'c.vmdk', slices: [{ path, offset: 0, length: descriptor.length }] } as const;
  const probed = await probeImage({ ...location, siblings: new Map([['c-flat.vmdk', slice]]) }, signal);
  assert.deepEqual(probed.layers, [{ format: 'raw', slices: [slice] }]);
  await assert.rejects(probeImage({ ...location, siblings: new Map() }, signal), withCode('image-extent-missing'));
});

test('a compressed image is recognised by its inflated head, and a raw one has the declared size', async () => {
  for (const name of ['b.vmdk', 'disk.raw', 'j.qcow2'] as const) {
    const plain = await shop.read(name);
    await shop.write(`${name}.gz`, gzipSync(plain));
    const { slices } = await shop.locate(`${name}.gz`);
    const probed = await probeImage({ name, slices, gzip: { inflated: plain.length } }, signal);
    const expected = await shop.probe(name);
    assert.equal(probed.capacity, expected.capacity, name);
    assert.deepEqual(probed.layers[0].gzip, { inflated: plain.length });
  }
});

test('a compressed image that is longer than declared, or damaged, is refused', async () => {
  const { slices } = await shop.locate('disk.raw.gz');
  await assert.rejects(probeImage({ name: 'disk.raw', slices, gzip: { inflated: 1000 } }, signal), withCode('gzip-oversized'));
  const plain = await shop.locate('disk.raw');
  await assert.rejects(probeImage({ ...plain, gzip: { inflated: 1000 } }, signal), withCode('gzip-malformed'));
});

test('an aborted look ends with the reason of the abort', async () => {
  const stop = AbortSignal.abort(new Error('enough'));
  await assert.rejects(probeImage(await shop.locate('a.vmdk'), stop), /enough/);
  const { slices } = await shop.locate('disk.raw.gz');
  await assert.rejects(probeImage({ name: 'x', slices, gzip: { inflated: 9e9 } }, stop), /enough/);
});
