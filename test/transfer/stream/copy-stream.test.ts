import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ImageFormat, ImageSource } from '../../../src/model/transfer.ts';
import { assertSameBytes, copy, fails, jobTo, layerOf, MiB, rawDisk, run, type Scratch, scratch } from '../fixture.ts';

const SIZE = 6 * MiB;

interface Packed {
  readonly bytes: Buffer;
  readonly format?: ImageFormat;
  readonly inflated?: number;
  readonly capacity?: number;
}

async function packed(place: Scratch, { bytes, format = 'raw', inflated = SIZE, capacity = SIZE }: Packed): Promise<ImageSource> {
  await writeFile(place.path('disk.gz'), bytes);
  return { kind: 'image', layers: [await layerOf(place.path('disk.gz'), format, { gzip: { inflated } })], capacity };
}

async function raw(place: Scratch): Promise<Buffer> {
  await rawDisk(place.path('disk.raw'), SIZE, [
    { offset: 0, length: 100_000 },
    { offset: 4 * MiB - 100, length: MiB },
  ]);
  return await readFile(place.path('disk.raw'));
}

async function vmdk(place: Scratch, subformat = 'streamOptimized'): Promise<Buffer> {
  await raw(place);
  const file = place.path(`${subformat}.vmdk`);
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o', `subformat=${subformat}`, place.path('disk.raw'), file);
  return await readFile(file);
}

test('a compressed raw image is inflated into a sparse disk and proven', async () => {
  await using place = await scratch();
  const source = await packed(place, { bytes: gzipSync(await raw(place)) });
  const result = await copy(jobTo(place.path('out.raw'), source));
  await assertSameBytes(place.path('out.raw'), place.path('disk.raw'));
  assert.ok((await stat(place.path('out.raw'))).blocks * 512 < 2 * MiB);
  assert.match(result.transport, /^stream/);
  assert.equal(result.proof?.size, SIZE);
});

test('several gzip members one after the other are one stream', async () => {
  await using place = await scratch();
  const bytes = await raw(place);
  const source = await packed(place, {
    bytes: Buffer.concat([gzipSync(bytes.subarray(0, 12345)), gzipSync(bytes.subarray(12345))]),
  });
  await copy(jobTo(place.path('out.raw'), source));
  await assertSameBytes(place.path('out.raw'), place.path('disk.raw'));
});

test('a member that inflates past what it may is stopped there', async () => {
  await using place = await scratch();
  const bomb = gzipSync(Buffer.alloc(64 * MiB));
  const source = await packed(place, { bytes: bomb });
  await fails(copy(jobTo(place.path('out.raw'), source)), 'gzip-oversized');
  assert.deepEqual(await readdir(place.folder), ['disk.gz']);
});

test('a member that is damaged, cut short or holds too little is refused', async () => {
  await using place = await scratch();
  const bytes = gzipSync(await raw(place));
  const damaged = Buffer.from(bytes);
  damaged.writeUInt8(damaged.readUInt8(5000) ^ 0xff, 5000);
  const wrongSum = Buffer.from(bytes);
  wrongSum.writeUInt8(wrongSum.readUInt8(bytes.length - 8) ^ 1, bytes.length - 8);
  const bad = [
    damaged,
    wrongSum,
    bytes.subarray(0, -9),
    bytes.subarray(0, 5000),
    gzipSync(Buffer.alloc(SIZE - 512)),
    Buffer.from('no gzip'),
  ];
  for (const each of bad) {
    await fails(copy(jobTo(place.path('out.raw'), await packed(place, { bytes: each }))), 'gzip-malformed');
    assert.ok(!(await readdir(place.folder)).some((name) => name.startsWith('out')));
  }
});

test('data beyond the disk is refused and not cut off', async () => {
  await using place = await scratch();
  const bytes = gzipSync(await raw(place));
  await fails(
    copy(jobTo(place.path('out.raw'), await packed(place, { bytes, capacity: SIZE - 512 }))),
    'capacity-smaller-than-image',
  );
});

test('a format that cannot be read as a stream is refused with advice', async () => {
  await using place = await scratch();
  const source = await packed(place, { bytes: gzipSync(Buffer.alloc(512)), format: 'qcow2' });
  assert.match((await fails(copy(jobTo(place.path('out.raw'), source)), 'image-unsupported')).hint, /gunzip/);
});

test('a streamOptimized VMDK with its tables at the end, as VMware writes it, is decoded', async () => {
  await using place = await scratch();
  const bytes = vmwareStyle(await vmdk(place));
  const source = await packed(place, { bytes: gzipSync(bytes), format: 'vmdk', inflated: bytes.length });
  await copy(jobTo(place.path('out.raw'), source));
  await assertSameBytes(place.path('out.raw'), place.path('disk.raw'));
});

test('a VMDK of which a grain is missing, doubled, too short or damaged is refused', async () => {
  await using place = await scratch();
  const whole = vmwareStyle(await vmdk(place));
  const grains = grainsOf(whole);
  const [first, second] = grains;
  assert.ok(first !== undefined && second !== undefined);
  const without = Buffer.concat([whole.subarray(0, first.at), whole.subarray(second.at)]);
  const doubled = Buffer.concat([whole.subarray(0, second.at), whole.subarray(first.at)]);
  const outside = Buffer.from(whole);
  outside.writeBigUInt64LE(BigInt(SIZE / 512), first.at);
  const unaligned = Buffer.from(whole);
  unaligned.writeBigUInt64LE(1n, second.at);
  const damaged = Buffer.from(whole);
  damaged.fill(0x55, first.at + 2000, first.at + 3000);
  const huge = Buffer.from(whole);
  huge.writeUInt32LE(0x7fffffff, first.at + 8);
  for (const bytes of [without, doubled, outside, unaligned, damaged, huge]) {
    const source = await packed(place, { bytes: gzipSync(bytes), format: 'vmdk', inflated: 2 * SIZE });
    await fails(copy(jobTo(place.path('out.raw'), source)), 'image-malformed');
  }
  const cut = await packed(place, { bytes: gzipSync(whole.subarray(0, second.at + 512)), format: 'vmdk' });
  await fails(copy(jobTo(place.path('out.raw'), cut)), 'image-truncated');
});

interface Grain {
  readonly at: number;
  readonly sectors: number;
}

/** Where the grains stand in an image by qemu. */
function grainsOf(image: Buffer): readonly Grain[] {
  const grains: Grain[] = [];
  for (let at = 128 * 512; at < image.length && image.readUInt32LE(at + 8) > 0; ) {
    const sectors = Math.ceil((12 + image.readUInt32LE(at + 8)) / 512);
    grains.push({ at, sectors });
    at += sectors * 512;
  }
  return grains;
}

/**
 * The layout that VMware writes made from qemu's: directory «at the end», then grains, a table and a directory marker, footer,
 * end of stream (Virtual Disk Format 5.0, «Stream-Optimized Compressed Sparse Extents»).
 */
function vmwareStyle(image: Buffer): Buffer {
  const head = Buffer.from(image.subarray(0, 128 * 512));
  head.writeBigUInt64LE(0xffffffffffffffffn, 56);
  head.fill(0, 21 * 512);
  const grains = grainsOf(image);
  const end = grains.reduce((last, grain) => Math.max(last, grain.at + grain.sectors * 512), 0);
  const table = Buffer.alloc(4 * 512);
  for (const { at } of grains) table.writeUInt32LE(at / 512, (Number(image.readBigUInt64LE(at)) / 128) * 4);
  const directory = Buffer.alloc(512);
  directory.writeUInt32LE(end / 512 + 1, 0);
  return Buffer.concat([
    head,
    image.subarray(head.length, end),
    marker(4, 1),
    table,
    marker(1, 2),
    directory,
    marker(1, 3),
    head.subarray(0, 512),
    marker(0, 0),
  ]);
}

function marker(sectors: number, kind: number): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(kind, 12);
  return bytes;
}
