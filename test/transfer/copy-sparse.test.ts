/** Our own decoder of sparse VMDKs. qemu-img, which shares no code with it, is the judge of what it makes. */
import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import type { ImageSource, TransferProgress, TransferResult } from '../../src/model/transfer.ts';
import { BlockWorkers } from '../../src/transfer/blocks/workers.ts';
import { copySparseInto, openSparse } from '../../src/transfer/copy-sparse.ts';
import { openJournal } from '../../src/transfer/journal/disk-journal.ts';
import {
  assertSameBytes,
  assertSameDisk,
  copy,
  fails,
  jobTo,
  layerOf,
  MiB,
  noise,
  rawDisk,
  run,
  type Scratch,
  scratch,
} from './fixture.ts';
import { MemoryStore } from './journal/memory-store.ts';
import { fileWriter } from './landing.ts';
import { type Built, buildVmdk, type SparseVmdk } from './sparse-vmdk.ts';

const GRAIN = 64 * 1024;

const GRAINS = new Map<number, Buffer>();

function grain(seed: number): Buffer {
  const made = GRAINS.get(seed) ?? noise(`grain ${seed}`, GRAIN);
  GRAINS.set(seed, made);
  return made;
}

/** Grains of noise all over a disk of 40 MiB and a bit, so that its last grain, block and table are not full. */
function spread(stream: boolean): SparseVmdk {
  const numbers = [3, 639, 0, 1, 2, 17, 511, 512, 100, 640];
  const grains = new Map<number, Buffer | 'zeroed'>(numbers.map((number) => [number, grain(number)]));
  grains.set(101, 'zeroed').set(102, Buffer.alloc(GRAIN));
  return { capacity: 640 * 128 + 5, grains, stream };
}

async function sourceOf(place: Scratch, image: Buffer, capacity: number): Promise<ImageSource> {
  const file = place.path('disk.vmdk');
  await writeFile(file, image);
  return { kind: 'image', layers: [await layerOf(file, 'vmdk')], capacity };
}

async function decode(place: Scratch, image: Buffer, capacity: number): Promise<TransferResult> {
  return await copy(jobTo(place.path('out.raw'), await sourceOf(place, image, capacity)));
}

for (const stream of [true, false]) {
  const kind = stream ? 'streamOptimized' : 'plain sparse';

  test(`a ${kind} image whose grains stand in no order is decoded, proven and sparse`, async () => {
    await using place = await scratch();
    const vmdk = spread(stream);
    const result = await decode(place, buildVmdk(vmdk).image, vmdk.capacity * 512);
    await assertSameDisk(place.path('out.raw'), place.path('disk.vmdk'), 'vmdk');
    assert.match(result.transport, /^decoder/);
    assert.equal(result.allocated, 10 * GRAIN + 5 * 512, 'the last grain is cut at the end of the disk');
    assert.equal(result.proof?.size, vmdk.capacity * 512);
    assert.ok((await stat(place.path('out.raw'))).blocks * 512 <= 10 * GRAIN, 'zeros are holes');
  });

  test(`a ${kind} image with grains of another size is decoded`, async () => {
    await using place = await scratch();
    for (const grainSectors of [8, 2048]) {
      const grains = new Map([300, 2, 7, 8, 9].map((number) => [number, noise(`${number}`, grainSectors * 512)]));
      const vmdk = { capacity: 301 * grainSectors, grains, stream, grainSectors };
      await decode(place, buildVmdk(vmdk).image, vmdk.capacity * 512);
      await assertSameDisk(place.path('out.raw'), place.path('disk.vmdk'), 'vmdk');
    }
  });

  test(`a ${kind} image that is smaller than its disk is followed by zeros, a larger one is refused`, async () => {
    await using place = await scratch();
    const vmdk = spread(stream);
    const { image } = buildVmdk(vmdk);
    const size = vmdk.capacity * 512;
    await decode(place, image, size + 3 * MiB + 333);
    await assertSameDisk(place.path('out.raw'), place.path('disk.vmdk'), 'vmdk');
    assert.equal((await stat(place.path('out.raw'))).size, size + 3 * MiB + 333);
    await fails(decode(place, image, size - 512), 'capacity-smaller-than-image');
  });
}

test('a disk that ends inside a sector keeps its exact size and is proven to there', async () => {
  await using place = await scratch();
  const vmdk = spread(true);
  const size = vmdk.capacity * 512 - 100;
  await decode(place, buildVmdk(vmdk).image, size);
  const expected = Buffer.alloc(size);
  for (const [number, content] of vmdk.grains) if (content !== 'zeroed') content.copy(expected, number * GRAIN);
  assert.ok((await readFile(place.path('out.raw'))).equals(expected));
});

test('tables at both ends of what is read at once, and a directory almost without tables, are followed', async () => {
  await using place = await scratch();
  const numbers = [65_535, 65_536, 131_071, 131_072, 200_000];
  const grains = new Map(numbers.map((number) => [number, grain(number)]));
  const vmdk = { capacity: 200_001 * 128, grains, stream: true };
  const built = buildVmdk(vmdk);
  for (let table = 200; table < 250; table += 1) built.image.writeUInt32LE(0, built.directoryAt + table * 4);
  await decode(place, built.image, vmdk.capacity * 512);
  await assertSameDisk(place.path('out.raw'), place.path('disk.vmdk'), 'vmdk');
});

test('what no decoder of ours reads is read through qemu-nbd: chains, split disks, other sparse formats', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk.raw'), 4 * MiB, [{ offset: MiB, length: 100_000 }]);
  const split = place.path('split.vmdk');
  await run('qemu-img', 'convert', '-O', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse', place.path('disk.raw'), split);
  const layer = await layerOf(split, 'vmdk', { extents: [place.path('split-s001.vmdk')] });
  const { transport } = await copy(jobTo(place.path('out.raw'), { kind: 'image', layers: [layer], capacity: 4 * MiB }));
  assert.match(transport, /^file: qemu-nbd/);
});

/** What can be wrong with a streamOptimized image, and what is said about it. */
const DAMAGE: Readonly<Record<string, readonly [string, (built: Built) => Buffer]>> = {
  'a grain that is another one': [
    'image-malformed',
    (built) => {
      const entry = (built.tableAt[0] ?? 0) + 4;
      built.image.copy(built.image, entry, entry + 4, entry + 8);
      return built.image;
    },
  ],
  'a table that leads into the middle of a grain': ['image-malformed', (built) => setEntry(built, 1, at(built, 1) / 512 + 3)],
  'a table that leads beyond the end': ['image-truncated', (built) => setEntry(built, 1, 0x7fffffff)],
  'a directory that leads beyond the end': ['image-truncated', (built) => setWord(built, built.directoryAt, 0x7fffffff)],
  'a grain that is larger than deflate makes any': ['image-malformed', (built) => setWord(built, at(built, 1) + 8, 200_000)],
  'a grain that runs into the next one': ['image-malformed', (built) => setWord(built, at(built, 1) + 8, 70_000)],
  'a grain with wrong bytes': ['image-malformed', (built) => setWord(built, at(built, 1) + 4000, 0x55555555)],
  'a grain that inflates to too much': ['image-malformed', () => oneGrain(Buffer.alloc(GRAIN + 1))],
  'a grain that inflates to too little': ['image-malformed', () => oneGrain(Buffer.alloc(GRAIN - 1))],
  'an end that is missing': ['image-truncated', (built) => built.image.subarray(0, -1024)],
  'a footer of another disk': ['image-malformed', (built) => setWord(built, built.image.length - 1024 + 12, 128)],
  'no directory': ['image-malformed', (built) => setWord(built, built.image.length - 1024 + 56, 0)],
};

function at(built: Built, number: number): number {
  return built.grainAt.get(number) ?? 0;
}

function setWord({ image }: Built, place: number, word: number): Buffer {
  image.writeUInt32LE(word, place);
  return image;
}

function setEntry(built: Built, number: number, sector: number): Buffer {
  return setWord(built, (built.tableAt[0] ?? 0) + number * 4, sector);
}

function oneGrain(content: Buffer): Buffer {
  return buildVmdk({ ...spread(true), grains: new Map([[1, content]]) }).image;
}

for (const [what, [code, damage]] of Object.entries(DAMAGE)) {
  test(`${what} is found out and nothing is left`, async () => {
    await using place = await scratch();
    const vmdk = spread(true);
    const error = await fails(decode(place, damage(buildVmdk(vmdk)), vmdk.capacity * 512), code);
    assert.equal(error.place.disk, 'scsi0:0');
    assert.deepEqual(await readdir(place.folder), ['disk.vmdk']);
  });
}

test('a byte that is not on the target as it was decoded is found out and repaired from the image', async () => {
  await using place = await scratch();
  const vmdk = spread(true);
  const source = await sourceOf(place, buildVmdk(vmdk).image, vmdk.capacity * 512);
  const good = await copy(jobTo(place.path('good.raw'), source));
  let spoiled = 0;
  const onProgress = ({ stage }: TransferProgress): void => {
    if (stage === 'prove') spoiled += 1;
    if (spoiled !== 1) return;
    const file = openSync(place.path('out.raw.partial'), 'r+');
    writeSync(file, 'X', 17 * GRAIN + 5);
    closeSync(file);
  };
  const mended = await copy(jobTo(place.path('out.raw'), source), { onProgress });
  assert.equal(mended.proof?.root, good.proof?.root);
  await assertSameBytes(place.path('out.raw'), place.path('good.raw'));
  assert.deepEqual((await readdir(place.folder)).toSorted(), ['disk.vmdk', 'good.raw', 'out.raw']);
});

test('a small file that claims to be a large full disk is refused before anything is written', async () => {
  await using place = await scratch();
  const vmdk = { capacity: 65_536 * 128, grains: new Map([[0, grain(0)]]), stream: false };
  const built = buildVmdk(vmdk);
  const [first = 0] = built.tableAt;
  for (let entry = 0; entry < 512; entry += 1) setEntry(built, entry, at(built, 0) / 512);
  for (let table = 0; table < 128; table += 1) built.image.writeUInt32LE(first / 512, built.directoryAt + table * 4);
  const seen: TransferProgress[] = [];
  const job = jobTo(place.path('out.raw'), await sourceOf(place, built.image, vmdk.capacity * 512));
  await fails(copy(job, { onProgress: (progress) => seen.push(progress) }), 'image-malformed', /in one place/);
  assert.deepEqual(seen, []);
});

test('a file that becomes shorter while it is read is an error that names it', async () => {
  await using place = await scratch();
  const vmdk = spread(false);
  const source = await sourceOf(place, buildVmdk(vmdk).image, vmdk.capacity * 512);
  await truncate(place.path('disk.vmdk'), 100 * 512);
  const error = await fails(copy(jobTo(place.path('out.raw'), source)), 'image-truncated');
  assert.equal(error.place.file, place.path('disk.vmdk'));
});

test('aborting while grains are inflated ends within a second and leaves no disk', async () => {
  await using place = await scratch();
  const grains = new Map(Array.from({ length: 1600 }, (_, number) => [number, grain(number % 16)]));
  const vmdk = { capacity: 1600 * 128, grains, stream: true };
  const job = jobTo(place.path('out.raw'), await sourceOf(place, buildVmdk(vmdk).image, vmdk.capacity * 512));
  const abort = new AbortController();
  let aborted = 0;
  const onProgress = ({ done }: TransferProgress): void => {
    if (done === 0 || aborted > 0) return;
    aborted = performance.now();
    abort.abort();
  };
  await fails(copy(job, { signal: abort.signal, onProgress }), 'canceled');
  assert.ok(aborted > 0 && performance.now() - aborted < 1000);
  // On a slow machine some of it was durable by then: that is kept for the next run, under another name.
  assert.ok(!(await readdir(place.folder)).includes('out.raw'));
});

/** Numbers that are the same at every run (xorshift32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test('images changed at random end as an error with a code, or as the disk that qemu-img reads', async (context) => {
  await using place = await scratch();
  const workers = new BlockWorkers({ threads: 1 });
  await using _ = workers.lease();
  const next = numbers(20_250_101);
  const deadline = performance.now() + 7000;
  const counts = { cases: 0, same: 0, judged: 0 };
  for (; counts.cases < 1500 && performance.now() < deadline; counts.cases += 1) {
    const vmdk = FUZZED[counts.cases % 2] ?? spread(true);
    const source = await sourceOf(place, mutate(buildVmdk(vmdk), next), vmdk.capacity * 512);
    const outcome = await decodeBare(source, place.path('out.raw'), workers).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      assert.ok(outcome instanceof MigrationError, `case ${counts.cases}: ${outcome.stack}`);
    } else if (outcome === undefined || (await readFile(place.path('out.raw'))).equals(contentOf(vmdk))) counts.same += 1;
    else {
      counts.judged += 1;
      await assertSameDisk(place.path('out.raw'), place.path('disk.vmdk'), 'vmdk');
    }
  }
  context.diagnostic(`${counts.cases} cases: ${counts.same} unharmed, ${counts.judged} changed and judged by qemu-img`);
  assert.ok(counts.same > 0 && counts.cases > counts.same + counts.judged);
});

const FUZZED = [true, false].map((stream): SparseVmdk => {
  const grains = new Map([5, 0, 1, 17, 31, 32].map((number) => [number, grain(number)]));
  return { capacity: 32 * 128 + 5, grains, stream };
});

function contentOf({ capacity, grains }: SparseVmdk): Buffer {
  const disk = Buffer.alloc(capacity * 512);
  for (const [number, content] of grains) if (content !== 'zeroed') content.copy(disk, number * GRAIN);
  return disk;
}

/** Changes a few bits or bytes where they matter most, or cuts the image. */
function mutate({ image, tableAt, directoryAt }: Built, next: (below: number) => number): Buffer {
  const spots = [0, image.length - 1024, directoryAt, ...tableAt, 128 * 512];
  for (let times = 1 + next(3); times > 0; times -= 1) {
    const spot = Math.min((spots[next(spots.length)] ?? 0) + next(96), image.length - 1);
    image.writeUInt8(next(3) === 0 ? next(256) : image.readUInt8(spot) ^ (1 << next(8)), spot);
  }
  return next(10) === 0 ? image.subarray(0, 512 + next(image.length - 512)) : image;
}

/** The decoder alone; undefined where qemu-img is to read the image. */
async function decodeBare(source: ImageSource, target: string, workers: BlockWorkers): Promise<true | undefined> {
  const { signal } = new AbortController();
  await using image = await openSparse(source, signal);
  if (image === undefined) return undefined;
  await writeFile(target, '');
  await using writer = await fileWriter(target, source.capacity);
  await using journal = await openJournal({ store: new MemoryStore(), size: source.capacity, identity: 'fuzz' });
  await copySparseInto(image, { writer, journal, workers, signal, onBytes: () => undefined });
  return true;
}
