import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { ImageSource } from '../../../src/model/transfer.ts';
import { assertSameBytes, copy, fails, jobTo, layerOf, MiB, noise, rawDisk, run, type Scratch, scratch } from '../fixture.ts';

/** A descriptor with the given extent lines over a real flat file of 1 MiB beside it. */
async function described(place: Scratch, lines: readonly string[], extents?: readonly string[]): Promise<ImageSource> {
  const flat = place.path('disk-flat.vmdk');
  await rawDisk(flat, MiB, [{ offset: 0, length: MiB }]);
  const text = ['# Disk DescriptorFile', 'version=1', 'CID=12345678', 'parentCID=ffffffff', 'createType="vmfs"', ...lines, ''];
  await writeFile(place.path('disk.vmdk'), text.join('\n'));
  const layer = await layerOf(place.path('disk.vmdk'), 'vmdk', { extents: extents ?? [flat] });
  return { kind: 'image', layers: [layer], capacity: MiB };
}

const SECTORS = MiB / 512;

test('an extent of a VMDK is opened only when the provider found it beside the image', async () => {
  await using place = await scratch();
  await writeFile(place.path('secret'), noise('secret', MiB));
  for (const name of [place.path('secret'), '../secret', 'secret', 'nbd://localhost/secret', '/etc/passwd']) {
    const source = await described(place, [`RW ${SECTORS} FLAT "${name}" 0`]);
    await fails(copy(jobTo(place.path('out.raw'), source)), 'image-extent-unsafe');
  }
});

test('an extent that the descriptor names with the folder of another machine is found by its name', async () => {
  await using place = await scratch();
  for (const name of ['C:\\VMs\\web\\disk-flat.vmdk', '/vmfs/volumes/ds1/web/disk-flat.vmdk']) {
    await copy(jobTo(place.path('out.raw'), await described(place, [`RW ${SECTORS} VMFS "${name}"`])));
    await assertSameBytes(place.path('out.raw'), place.path('disk-flat.vmdk'));
  }
});

test('extents of zeros and read-only ones, which qemu would pass over, stay where they are in the disk', async () => {
  await using place = await scratch();
  const source = await described(place, [
    'RW 512 ZERO',
    'RDONLY 1024 FLAT "disk-flat.vmdk" 100',
    'RW 512 FLAT "disk-flat.vmdk" 0',
  ]);
  await copy(jobTo(place.path('out.raw'), source));
  const flat = noise('0', MiB);
  const expected = Buffer.concat([Buffer.alloc(512 * 512), flat.subarray(100 * 512, 1124 * 512), flat.subarray(0, 512 * 512)]);
  await writeFile(place.path('expected.raw'), expected);
  await assertSameBytes(place.path('out.raw'), place.path('expected.raw'));
});

test('an extent that reaches beyond its file is an error and not a disk that ends in zeros', async () => {
  await using place = await scratch();
  const source = await described(place, [`RW ${SECTORS} FLAT "disk-flat.vmdk" 1`]);
  await fails(copy(jobTo(place.path('out.raw'), source)), 'image-truncated');
});

test('descriptors that cannot be understood are refused', async () => {
  await using place = await scratch();
  const wrong: readonly (readonly [string, 'image-malformed' | 'image-unsupported'])[] = [
    ['RW many FLAT "disk-flat.vmdk" 0', 'image-malformed'],
    ['RW 10 FLAT', 'image-malformed'],
    ['', 'image-malformed'],
    ['NOACCESS 2048 FLAT "disk-flat.vmdk" 0', 'image-unsupported'],
    ['RW 2048 VMFSRDM "disk-flat.vmdk"', 'image-unsupported'],
  ];
  for (const [line, code] of wrong) await fails(copy(jobTo(place.path('out.raw'), await described(place, [line]))), code);
});

test('a sparse header of no capacity, through which qemu would obey a hidden descriptor, is refused', async () => {
  await using place = await scratch();
  const hidden = Buffer.alloc(64 * 1024);
  hidden.write('KDMV', 0, 'latin1');
  hidden.writeUInt32LE(1, 4);
  hidden.writeBigUInt64LE(1n, 28);
  hidden.writeBigUInt64LE(20n, 36);
  hidden.write(
    `# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="vmfs"\nRW 8 FLAT "/etc/passwd" 0\n`,
    512,
  );
  await writeFile(place.path('disk.vmdk'), hidden);
  const source: ImageSource = { kind: 'image', layers: [await layerOf(place.path('disk.vmdk'), 'vmdk')], capacity: 4096 };
  await fails(copy(jobTo(place.path('out.raw'), source)), 'image-malformed');
});

test('a qcow2 image that keeps its data in another file is read with the file that the provider found, or refused', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk.raw'), MiB, [{ offset: 0, length: MiB }]);
  const options = `data_file=${place.path('data')},data_file_raw=on`;
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-o', options, place.path('disk.raw'), place.path('disk'));
  const layer = await layerOf(place.path('disk'), 'qcow2');
  await fails(copy(jobTo(place.path('out.raw'), { kind: 'image', layers: [layer], capacity: MiB })), 'image-unsupported');
  await rename(place.path('data'), place.path('found'));
  const found = { ...layer, extents: [place.path('found')] };
  await copy(jobTo(place.path('out.raw'), { kind: 'image', layers: [found], capacity: MiB }));
  await assertSameBytes(place.path('out.raw'), place.path('disk.raw'));
});

test('a parent that an image names is not followed when the source says that there is none', async () => {
  await using place = await scratch();
  await rawDisk(place.path('base.raw'), MiB, [{ offset: 0, length: MiB }]);
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', place.path('base.raw'), '-F', 'raw', place.path('child.qcow2'));
  const source: ImageSource = { kind: 'image', layers: [await layerOf(place.path('child.qcow2'), 'qcow2')], capacity: MiB };
  const result = await copy(jobTo(place.path('out.raw'), source));
  assert.equal(result.allocated, 0);
});

test('a parent inside an archive is refused with advice', async () => {
  await using place = await scratch();
  await rawDisk(place.path('base.raw'), MiB, []);
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', place.path('base.qcow2'), '1M');
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', place.path('base.qcow2'), '-F', 'qcow2', place.path('child.qcow2'));
  const base = await layerOf(place.path('base.qcow2'), 'qcow2');
  const [slice] = base.slices;
  assert.ok(slice !== undefined);
  const inside = { ...base, slices: [{ ...slice, length: slice.length - 512 }] };
  const layers = [await layerOf(place.path('child.qcow2'), 'qcow2'), inside] as const;
  const error = await fails(copy(jobTo(place.path('out.raw'), { kind: 'image', layers, capacity: MiB })), 'image-unsupported');
  assert.match(error.hint, /Unpack/);
});

test('parts that are not cut at sectors are refused', async () => {
  await using place = await scratch();
  await mkdir(place.path('parts'));
  const slices = [];
  for (const length of [1000, 2072]) {
    const file = path.join(place.path('parts'), String(length));
    await writeFile(file, noise(file, length));
    slices.push({ path: file, offset: 0, length });
  }
  const source: ImageSource = { kind: 'image', layers: [{ format: 'raw', slices }], capacity: 3072 };
  await fails(copy(jobTo(place.path('out.raw'), source)), 'image-unsupported');
});

test('a slice that its file does not hold wholly is a truncated image', async () => {
  await using place = await scratch();
  await rawDisk(place.path('a.ova'), MiB, []);
  const slices = [{ path: place.path('a.ova'), offset: 512, length: MiB }];
  await fails(
    copy(jobTo(place.path('out.raw'), { kind: 'image', layers: [{ format: 'raw', slices }], capacity: MiB })),
    'image-truncated',
  );
});
