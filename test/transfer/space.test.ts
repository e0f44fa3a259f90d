import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { DiskSource } from '../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { loopDevice } from '../peers/loop-device.ts';
import { clock, copy, fails, jobTo, layerOf, MiB, noise, rawDisk, type Scratch, scratch, smallFileSystem } from './fixture.ts';

const copier = new LocalDiskCopier({ clock });
const signal = new AbortController().signal;

async function disk(place: Scratch, size: number, data: number): Promise<DiskSource> {
  const raw = place.path('source.raw');
  await rawDisk(raw, size, [{ offset: MiB, length: data }]);
  return { kind: 'image', layers: [await layerOf(raw, 'raw')], capacity: size };
}

test('disks that fit at their full size are not even opened', async () => {
  await using place = await scratch();
  const nowhere = { path: place.path('does-not-exist'), offset: 0, length: MiB };
  const source: DiskSource = { kind: 'image', layers: [{ format: 'raw', slices: [nowhere] }], capacity: MiB };
  assert.deepEqual(await copier.preflight([jobTo(place.path('out.raw'), source)], signal), { needed: MiB });
});

test('a thin disk fits where only its data fits', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 4 * MiB);
  const source = await disk(place, 64 * MiB, 2 * MiB);
  assert.deepEqual(await copier.preflight([jobTo(small.path('out.raw'), source)], signal), { needed: 2 * MiB });
});

test('disks that do not fit together are refused with figures, before anything is written', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 4 * MiB);
  const source = await disk(place, 64 * MiB, 3 * MiB);
  const jobs = ['a', 'b'].map((name) => jobTo(small.path(`${name}.raw`), source, { id: name }));
  const error = await fails(
    copier.preflight(jobs, signal),
    'space-insufficient',
    /2 disks need 6\.00 MiB, but 4\.00 MiB are free/,
  );
  assert.match(error.hint, /2\.00 MiB/);
  assert.deepEqual(await readdir(small.folder), []);
});

test('each file system is asked for itself', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 4 * MiB);
  const source = await disk(place, 64 * MiB, 3 * MiB);
  const jobs = [jobTo(small.path('a.raw'), source), jobTo(place.path('b.raw'), source, { id: 'b' })];
  assert.deepEqual(await copier.preflight(jobs, signal), { needed: 67 * MiB });
});

test('a disk that an earlier run finished needs no space again', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 4 * MiB);
  const job = jobTo(small.path('out.raw'), await disk(place, 64 * MiB, 3 * MiB));
  await copy(job);
  assert.deepEqual(await copier.preflight([job], signal), { needed: 0 });
});

test('what the half disk of an earlier run occupies is not needed again', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 4 * MiB);
  const job = jobTo(small.path('out.raw'), await disk(place, 64 * MiB, 3 * MiB));
  await writeFile(small.path('out.raw.partial'), noise('half', 2 * MiB));
  assert.deepEqual(await copier.preflight([job], signal), { needed: MiB });
});

test('a block device has to be as large as its disk, whatever its folder has left', async () => {
  await using place = await scratch();
  await writeFile(place.path('backing'), Buffer.alloc(8 * MiB));
  await using device = await loopDevice(place.path('backing'));
  const target = { kind: 'block-device', path: device.path, journal: place.path('journal') } as const;
  const fitting = jobTo('', await disk(place, 8 * MiB, MiB), { target });
  assert.deepEqual(await copier.preflight([fitting], signal), { needed: 8 * MiB });
  const larger = jobTo('', await disk(place, 8 * MiB + 512, MiB), { target });
  const error = await fails(copier.preflight([larger], signal), 'space-insufficient', /the device only 8\.00 MiB/);
  assert.equal(error.place.file, device.path);
});

test('a folder that is yet to be made is asked of the one above it', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 2 * MiB);
  await mkdir(small.path('out'));
  const job = jobTo(small.path('out/web/deep/disk.raw'), await disk(place, 64 * MiB, 3 * MiB));
  await fails(copier.preflight([job], signal), 'space-insufficient');
});

test('a blank disk needs nothing, and a compressed one at least what it has', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, MiB);
  const blank = jobTo(small.path('blank.raw'), { kind: 'blank', capacity: 1024 * MiB });
  assert.deepEqual(await copier.preflight([blank], signal), { needed: 0 });
  await writeFile(place.path('disk.gz'), noise('gz', 2 * MiB));
  const layer = await layerOf(place.path('disk.gz'), 'raw', { gzip: { inflated: 8 * MiB } });
  const packed = jobTo(small.path('packed.raw'), { kind: 'image', layers: [layer], capacity: 8 * MiB });
  await fails(copier.preflight([packed], signal), 'space-insufficient');
});
