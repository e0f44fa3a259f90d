/**
 * Every format that a file source can have, built by qemu-img with random and sparse content, is copied and then compared by
 * qemu-img with the disk it was made from: a judge that shares no code with the proof.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readdir, rename, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import type { FileSlice, ImageFormat, ImageLayer, ImageSource } from '../../src/model/transfer.ts';
import {
  assertSameBytes,
  assertSameDisk,
  copy,
  jobTo,
  layerOf,
  MiB,
  rawDisk,
  run,
  type Scratch,
  scratch,
} from '../transfer/fixture.ts';

const SIZE = 64 * MiB;
let place: Scratch;
let original: string;

before(async () => {
  place = await scratch();
  original = place.path('original.raw');
  await rawDisk(original, SIZE, [
    { offset: 0, length: 2 * MiB },
    { offset: 5 * MiB + 512, length: 1536 },
    { offset: 33 * MiB - 4096, length: 3 * MiB },
    { offset: SIZE - 512, length: 512 },
  ]);
});

after(async () => {
  await place[Symbol.asyncDispose]();
});

interface Made {
  readonly format: ImageFormat;
  readonly options?: readonly string[];
}

const MADE: Readonly<Record<string, Made>> = {
  'raw.img': { format: 'raw' },
  'monolithicSparse.vmdk': { format: 'vmdk', options: ['-o', 'subformat=monolithicSparse'] },
  'monolithicFlat.vmdk': { format: 'vmdk', options: ['-o', 'subformat=monolithicFlat'] },
  'twoGbMaxExtentSparse.vmdk': { format: 'vmdk', options: ['-o', 'subformat=twoGbMaxExtentSparse'] },
  'twoGbMaxExtentFlat.vmdk': { format: 'vmdk', options: ['-o', 'subformat=twoGbMaxExtentFlat'] },
  'streamOptimized.vmdk': { format: 'vmdk', options: ['-o', 'subformat=streamOptimized'] },
  'fixed.vhd': { format: 'vhd', options: ['-o', 'subformat=fixed,force_size=on'] },
  'dynamic.vhd': { format: 'vhd', options: ['-o', 'subformat=dynamic,force_size=on'] },
  'fixed.vhdx': { format: 'vhdx', options: ['-o', 'subformat=fixed'] },
  'dynamic.vhdx': { format: 'vhdx', options: ['-o', 'subformat=dynamic'] },
  'plain.qcow2': { format: 'qcow2' },
  'compressed.qcow2': { format: 'qcow2', options: ['-c'] },
  'version2.qcow2': { format: 'qcow2', options: ['-o', 'compat=0.10'] },
  'image.vdi': { format: 'vdi' },
};

/** The image as a layer, made once. */
async function make(name: string): Promise<ImageLayer> {
  const made = MADE[name];
  assert.ok(made !== undefined, name);
  const file = place.path(name);
  const known = await stat(file).catch(() => undefined);
  const driver = made.format === 'vhd' ? 'vpc' : made.format;
  if (known === undefined) await run('qemu-img', 'convert', '-f', 'raw', '-O', driver, ...(made.options ?? []), original, file);
  const stem = name.replace(/\.vmdk$/, '-');
  const extents = (await readdir(place.folder)).filter((other) => other.startsWith(stem)).map((other) => place.path(other));
  return await layerOf(file, made.format, extents.length > 0 ? { extents } : {});
}

async function migrate(name: string, source: ImageSource): Promise<string> {
  const target = place.path(`${name}.out`);
  const result = await copy(jobTo(target, source));
  assert.equal((await stat(target)).size, source.capacity);
  assert.equal(result.proof?.size, source.capacity);
  return target;
}

function oneLayer(layer: ImageLayer): ImageSource {
  return { kind: 'image', layers: [layer], capacity: SIZE };
}

for (const [name, { format }] of Object.entries(MADE)) {
  test(`${name} arrives byte for byte`, async () => {
    const target = await migrate(name, oneLayer(await make(name)));
    await assertSameDisk(original, target, 'raw');
    await assertSameDisk(target, place.path(name), format === 'vhd' ? 'vpc' : format);
  });
}

/** The file as a member of an archive: between other members, at a sector that is not a page. */
async function inArchive(layer: ImageLayer, name: string): Promise<ImageLayer> {
  const archive = place.path(`${name}.tar`);
  const [slice] = layer.slices;
  assert.ok(slice !== undefined);
  await run(
    'tar',
    '-C',
    place.folder,
    '--format=ustar',
    '-cf',
    archive,
    'small',
    slice.path.slice(place.folder.length + 1),
    'small',
  );
  const table = await run('tar', '-tRf', archive);
  const block = /^block (\d+): (?!small|\*\*)/m.exec(table)?.[1];
  // tar -R counts the header's block; the content begins one later.
  return { ...layer, slices: [{ path: archive, offset: (Number(block) + 1) * 512, length: slice.length }] };
}

for (const name of [
  'raw.img',
  'monolithicSparse.vmdk',
  'streamOptimized.vmdk',
  'dynamic.vhd',
  'dynamic.vhdx',
  'compressed.qcow2',
  'image.vdi',
]) {
  test(`${name} inside a tar archive is read at its place`, async () => {
    await using small = await open(place.path('small'), 'w');
    await small.write('a small member');
    const target = await migrate(`${name}.tar`, oneLayer(await inArchive(await make(name), name)));
    await assertSameDisk(original, target, 'raw');
  });
}

async function inChunks(layer: ImageLayer, chunk: number): Promise<ImageLayer> {
  const [whole] = layer.slices;
  assert.ok(whole !== undefined);
  const slices: FileSlice[] = [];
  for (let at = 0; at < whole.length; at += chunk) {
    const path = `${whole.path}.${String(slices.length).padStart(9, '0')}`;
    await promisify(execFile)('dd', [
      `if=${whole.path}`,
      `of=${path}`,
      'bs=512',
      `skip=${at / 512}`,
      `count=${chunk / 512}`,
      'status=none',
    ]);
    slices.push({ path, offset: 0, length: Math.min(chunk, whole.length - at) });
  }
  return { ...layer, slices };
}

for (const name of ['raw.img', 'streamOptimized.vmdk', 'dynamic.vhdx', 'compressed.qcow2']) {
  test(`${name} in chunks is read as one`, async () => {
    const layer = await inChunks(await make(name), 3 * MiB + 512);
    assert.ok(layer.slices.length > 1);
    await assertSameDisk(original, await migrate(`${name}.chunks`, oneLayer(layer)), 'raw');
  });
}

for (const name of ['raw.img', 'monolithicSparse.vmdk', 'streamOptimized.vmdk']) {
  test(`${name} compressed by gzip is read as a stream, whole and in chunks`, async () => {
    const layer = await make(name);
    const packed = place.path(`${name}.gz`);
    await pipeline(createReadStream(layer.slices[0]?.path ?? ''), createGzip({ level: 1 }), createWriteStream(packed));
    const gzip = { inflated: layer.slices[0]?.length ?? 0 };
    const whole = await layerOf(packed, layer.format, { gzip });
    await assertSameDisk(original, await migrate(`${name}.gz`, oneLayer(whole)), 'raw');
    const chunks = await inChunks(whole, MiB + 512);
    await assertSameDisk(original, await migrate(`${name}.gz.chunks`, oneLayer(chunks)), 'raw');
  });
}

test('a VMDK snapshot chain is read through all its layers, whatever the images say about their parents', async () => {
  const base = place.path('base.vmdk');
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=monolithicSparse', original, base);
  await run('qemu-img', 'create', '-q', '-f', 'vmdk', '-b', base, '-F', 'vmdk', place.path('base-000001.vmdk'));
  await run('qemu-io', '-f', 'vmdk', '-c', 'write -P 7 5M 192k', place.path('base-000001.vmdk'));
  await run(
    'qemu-img',
    'create',
    '-q',
    '-f',
    'vmdk',
    '-b',
    place.path('base-000001.vmdk'),
    '-F',
    'vmdk',
    place.path('base-000002.vmdk'),
  );
  await run('qemu-io', '-f', 'vmdk', '-c', 'write -z 0 1M', '-c', 'write -P 9 60M 64k', place.path('base-000002.vmdk'));
  const expected = place.path('chain.raw');
  await run('qemu-img', 'convert', '-f', 'vmdk', '-O', 'raw', place.path('base-000002.vmdk'), expected);
  const moved = place.path('moved, "base".vmdk');
  await rename(base, moved);
  const layers = [
    await layerOf(place.path('base-000002.vmdk'), 'vmdk'),
    await layerOf(place.path('base-000001.vmdk'), 'vmdk'),
    await layerOf(moved, 'vmdk'),
  ] as const;
  await assertSameBytes(await migrate('chain', { kind: 'image', layers, capacity: SIZE }), expected);
});

test('a qcow2 chain is read through all its layers', async () => {
  const base = place.path('plain.qcow2');
  await make('plain.qcow2');
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', place.path('over.qcow2'));
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 3 1M 100k', place.path('over.qcow2'));
  const layers = [await layerOf(place.path('over.qcow2'), 'qcow2'), await layerOf(base, 'qcow2')] as const;
  const target = await migrate('qcow2-chain', { kind: 'image', layers, capacity: SIZE });
  await assertSameDisk(target, place.path('over.qcow2'), 'qcow2');
});

test('a raw disk that ends inside a sector keeps its exact size, alone, in an archive and in chunks', async () => {
  const odd = place.path('odd.img');
  const size = 5 * MiB + 333;
  await rawDisk(odd, size, [{ offset: 4 * MiB, length: MiB + 333 }]);
  const layer = await layerOf(odd, 'raw');
  const shapes = { alone: layer, archive: await inArchive(layer, 'odd'), chunks: await inChunks(layer, MiB) };
  for (const [name, shape] of Object.entries(shapes)) {
    await assertSameBytes(await migrate(`odd.${name}`, { kind: 'image', layers: [shape], capacity: size }), odd);
  }
});

test('names with commas, quotes, spaces, colons and non-ASCII letters are only names', async () => {
  const names = ['a,b=c.img', 'it\'s "quoted".img', '-n.img', 'nbd:localhost:1.img', 'übergröße %s \\ €.img', 'json:{}.img'];
  for (const name of names) {
    await rawDisk(place.path(name), MiB, [{ offset: 4096, length: 512 }]);
    const source: ImageSource = { kind: 'image', layers: [await layerOf(place.path(name), 'raw')], capacity: MiB };
    await assertSameBytes(await migrate(name, source), place.path(name));
  }
});
