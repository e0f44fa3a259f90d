/** VMDKs as streams, cut into chunks anywhere. The disk that they were built from is the judge, and qemu-img of the builder. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { BlockWorkers } from '../../../../src/transfer/blocks/workers.ts';
import { copyGrains, type GrainCopy } from '../../../../src/transfer/formats/vmdk/copy-grains.ts';
import { GrainStream } from '../../../../src/transfer/formats/vmdk/grain-stream.ts';
import { openJournal } from '../../../../src/transfer/journal/disk-journal.ts';
import type { DiskJournal } from '../../../../src/transfer/journal/journal.ts';
import { BlockHashes } from '../../../../src/transfer/proof/block-hashes.ts';
import { blockHash, hashCells } from '../../../../src/transfer/proof/cell-hashes.ts';
import { ByteReader } from '../../../../src/transfer/stream/byte-reader.ts';
import { assertSameDisk, fails, MiB, noise, type Scratch, scratch } from '../../fixture.ts';
import { MemoryStore } from '../../journal/memory-store.ts';
import { fileWriter } from '../../landing.ts';
import { type Built, buildVmdk, type SparseVmdk } from '../../sparse-vmdk.ts';

const GRAIN = 64 * 1024;

function grains(numbers: readonly number[]): Map<number, Buffer> {
  return new Map(numbers.map((number) => [number, noise(`grain ${number}`, GRAIN)]));
}

/** A disk of 6 MiB and a bit: a full block, sparse ones, one without grains, and a last grain that is cut. */
function vmdkOf(order: readonly number[]): SparseVmdk {
  return { capacity: 96 * 128 + 5, grains: grains(order), stream: true };
}

const ASCENDING = [...Array.from({ length: 16 }, (_, number) => number), 17, 20, 40, 41, 42, 80, 95, 96];
/** Comes back to blocks again and again. */
const WILD = [96, 0, 20, 1, 40, 2, 95, 3, 17, 80, 41, ...Array.from({ length: 12 }, (_, number) => number + 4), 42];

interface Attempt {
  readonly image: Buffer;
  readonly capacity: number;
  readonly journal: DiskJournal;
  readonly blank?: boolean;
  readonly chunk?: number;
  readonly threads?: number;
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function journalOf(size: number, store = new MemoryStore()): Promise<DiskJournal> {
  const journal = await openJournal({ store, size, identity: 'a disk' });
  await journal.begin({ id: 'first', kind: 'full' });
  return journal;
}

async function attempt(place: Scratch, { image, capacity, journal, ...more }: Attempt): Promise<GrainCopy> {
  const workers = new BlockWorkers({ threads: more.threads ?? 2 });
  await using _ = workers.lease();
  await using writer = await fileWriter(place.path('out.raw'), capacity, more.blank ?? true);
  const stream = await GrainStream.open(new ByteReader(chunked(image, more.chunk ?? 7777)), Math.ceil(capacity / 512) * 512);
  const result = await copyGrains(stream, {
    capacity,
    writer,
    journal,
    workers,
    signal: more.signal ?? new AbortController().signal,
    onBytes: more.onBytes ?? (() => undefined),
  });
  await journal.end(() => writer.sync());
  return result;
}

function contentOf({ capacity, grains: all }: SparseVmdk, size = capacity * 512): Buffer {
  const disk = Buffer.alloc(size);
  for (const [number, content] of all) if (content !== 'zeroed') content.copy(disk, number * GRAIN);
  return disk.fill(0, Math.min(size, capacity * 512));
}

function rootOf(content: Buffer): string {
  const hashes = new BlockHashes(content.length);
  for (let at = 0; at < content.length; at += MiB) hashes.set(at / MiB, blockHash(hashCells(content.subarray(at, at + MiB))));
  return hashes.root();
}

async function assertDone(place: Scratch, journal: DiskJournal, content: Buffer): Promise<void> {
  assert.ok((await readFile(place.path('out.raw'))).subarray(0, content.length).equals(content), 'the target is the disk');
  assert.equal(journal.hashes.root(), rootOf(content));
}

for (const [what, order] of [
  ['in order', ASCENDING],
  ['backwards', ASCENDING.toReversed()],
  ['in a wild order', WILD],
] as const) {
  test(`a stream of grains ${what} becomes the disk and its hashes, whatever the chunks`, async () => {
    await using place = await scratch();
    const vmdk = vmdkOf(order);
    const { image } = buildVmdk(vmdk);
    await writeFile(place.path('disk.vmdk'), image);
    for (const chunk of [511, 100_000, image.length]) {
      const journal = await journalOf(vmdk.capacity * 512);
      const result = await attempt(place, { image, capacity: vmdk.capacity * 512, journal, chunk, blank: chunk === 511 });
      await assertDone(place, journal, contentOf(vmdk));
      await assertSameDisk(place.path('out.raw'), place.path('disk.vmdk'), 'vmdk');
      const allocated = 23 * GRAIN + 5 * 512;
      assert.deepEqual(result, { allocated, moved: allocated, end: vmdk.capacity * 512 });
    }
  });
}

test('zeros are holes on a new target, and old bytes are gone from a used one', async () => {
  await using place = await scratch();
  const vmdk = { ...vmdkOf(ASCENDING), grains: grains(ASCENDING).set(50, Buffer.alloc(GRAIN)) };
  const size = vmdk.capacity * 512;
  const { image } = buildVmdk(vmdk);
  await attempt(place, { image, capacity: size, journal: await journalOf(size) });
  assert.ok((await stat(place.path('out.raw'))).blocks * 512 <= 24 * GRAIN);
  await writeFile(place.path('out.raw'), noise('what an earlier owner left', size));
  const journal = await journalOf(size);
  await attempt(place, { image, capacity: size, journal, blank: false });
  await assertDone(place, journal, contentOf(vmdk));
});

test('a disk that ends inside a sector, or after the image, keeps its size', async () => {
  await using place = await scratch();
  const vmdk = vmdkOf(ASCENDING);
  for (const size of [vmdk.capacity * 512 - 100, vmdk.capacity * 512 + 2 * MiB + 77]) {
    const journal = await journalOf(size);
    const { end } = await attempt(place, { image: buildVmdk(vmdk).image, capacity: size, journal });
    await assertDone(place, journal, contentOf(vmdk, size));
    assert.equal(end, Math.min(size, vmdk.capacity * 512));
  }
});

for (const [what, order] of [
  ['in order', ASCENDING],
  ['in a wild order', WILD],
] as const) {
  test(`after a kill in the middle of a stream ${what} the rest is brought, and what is done is not inflated again`, async () => {
    await using place = await scratch();
    const vmdk = vmdkOf(order);
    const size = vmdk.capacity * 512;
    const built = buildVmdk(vmdk);
    for (const cut of [0.2, 0.5, 0.9]) {
      const half = built.image.subarray(0, Math.floor(built.image.length * cut));
      const store = new MemoryStore();
      const first = await journalOf(size, store);
      await fails(attempt(place, { image: half, capacity: size, journal: first }), 'image-truncated', /at byte \d+/);
      const journal = await journalOf(size, store);
      const intended = watchIntentions(journal);
      const done = Array.from({ length: journal.hashes.count }, (_, block) => block).filter(
        (block) => journal.stateOf(block) === 'done',
      );
      // A grain of a block that was done is spoiled: nobody looks at it when the stream does not come back to that block.
      const image = order === ASCENDING ? spoil(built, done) : built.image;
      await attempt(place, { image, capacity: size, journal });
      await assertDone(place, journal, contentOf(vmdk));
      assert.ok(order === WILD || done.every((block) => !intended.has(block)), 'what is done is not touched');
    }
  });
}

function watchIntentions(journal: DiskJournal): Set<number> {
  const seen = new Set<number>();
  const intend = journal.intend.bind(journal);
  journal.intend = async (from, to) => {
    for (let block = from; block < to; block += 1) seen.add(block);
    await intend(from, to);
  };
  return seen;
}

function spoil({ image, grainAt }: Built, blocks: readonly number[]): Buffer {
  const spoilt = Buffer.from(image);
  for (const [number, at] of grainAt) if (blocks.includes(Math.floor(number / 16))) spoilt.fill(0x55, at + 12, at + 400);
  return spoilt;
}

test('blocks are announced before they are written', async () => {
  await using place = await scratch();
  const vmdk = vmdkOf(WILD);
  const size = vmdk.capacity * 512;
  const journal = await journalOf(size);
  const states: string[] = [];
  const add = journal.add.bind(journal);
  journal.add = (digests) => {
    states.push(...digests.map(({ index }) => journal.stateOf(index)));
    add(digests);
  };
  await attempt(place, { image: buildVmdk(vmdk).image, capacity: size, journal });
  assert.ok(states.length > 6 && states.every((state) => state === 'dirty'), states.join());
});

/** What can be wrong with a stream, and what is said about it. */
const DAMAGE: Readonly<Record<string, readonly [string, (built: Built) => Buffer]>> = {
  'a stream that ends inside a grain': ['image-truncated', ({ image }) => image.subarray(0, 128 * 512 + 70_000)],
  'a stream that ends between grains': ['image-truncated', ({ image, grainAt }) => image.subarray(0, grainAt.get(20) ?? 0)],
  'a stream without its end marker': ['image-truncated', ({ image }) => image.subarray(0, -512)],
  'no bytes at all': ['image-truncated', ({ image }) => image.subarray(0, 0)],
  'a grain that comes twice': ['image-malformed', (built) => setWord(built, at(built, 1), 0)],
  'a grain outside of the disk': ['image-malformed', (built) => setWord(built, at(built, 1), 97 * 128)],
  'a grain between two places': ['image-malformed', (built) => setWord(built, at(built, 1), 129)],
  'a grain that is larger than deflate makes any': ['image-malformed', (built) => setWord(built, at(built, 1) + 8, 200_000)],
  'a grain with wrong bytes': ['image-malformed', (built) => setWord(built, at(built, 1) + 4000, 0x55555555)],
  'a table that lists one grain less': ['image-malformed', (built) => setWord(built, (built.tableAt[0] ?? 0) + 4, 0)],
  'a marker of no known kind': ['image-malformed', (built) => setWord(built, (built.tableAt[0] ?? 0) - 500, 9)],
  'a larger disk than was told': ['capacity-smaller-than-image', (built) => setWord(built, 12, 4_000_000)],
};

function at(built: Built, number: number): number {
  return built.grainAt.get(number) ?? 0;
}

function setWord({ image }: Built, place: number, word: number): Buffer {
  image.writeUInt32LE(word, place);
  return image;
}

for (const [what, [code, damage]] of Object.entries(DAMAGE)) {
  test(`${what} is found out`, async () => {
    await using place = await scratch();
    const vmdk = vmdkOf(ASCENDING);
    const size = vmdk.capacity * 512;
    await fails(attempt(place, { image: damage(buildVmdk(vmdk)), capacity: size, journal: await journalOf(size) }), code);
  });
}

test('no more of the stream is taken than workers can hold', async () => {
  await using place = await scratch();
  const vmdk = { capacity: 640 * 128, grains: grains(Array.from({ length: 640 }, (_, number) => number)), stream: true };
  const size = vmdk.capacity * 512;
  const { image } = buildVmdk(vmdk);
  const abort = new AbortController();
  const workers = new BlockWorkers({ threads: 1 });
  await using _ = workers.lease();
  await using writer = await fileWriter(place.path('out.raw'), size);
  const journal = await journalOf(size);
  // The journal does not answer, so no block can be written.
  const held = Promise.withResolvers<void>();
  journal.intend = () => held.promise;
  let taken = 0;
  const quiet = Promise.withResolvers<void>();
  async function* source(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunked(image, 16_384)) {
      taken += chunk.length;
      if (taken > 6 * MiB) quiet.resolve();
      yield chunk;
    }
  }
  const copy = copyGrains(await GrainStream.open(new ByteReader(source()), size), {
    capacity: size,
    writer,
    journal,
    workers,
    signal: abort.signal,
    onBytes: () => undefined,
  });
  await quiet.promise;
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(taken < 9 * MiB, `${taken} bytes were taken`);
  abort.abort();
  held.resolve();
  await fails(copy, 'canceled');
});

test('a directory that names one table again and again is refused at once, however large the disk says it is', async () => {
  const overhead = 8 * MiB;
  const front = Buffer.alloc(overhead);
  vmdkHeader({ capacity: 2 ** 33, directory: 1, overhead: overhead / 512 }).copy(front);
  for (let at = 512; at < 4 * MiB; at += 4) front.writeUInt32LE((5 * MiB) / 512, at);
  const opening = GrainStream.open(new ByteReader(asStream(front)), 2 ** 33 * 512);
  await fails(opening, 'image-malformed', /tables lie over one another/);
});

async function* asStream(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Of a deflated image with 512 grains of 64 KiB in a table; figures are sectors. */
function vmdkHeader({ capacity, directory, overhead }: { capacity: number; directory: number; overhead: number }): Buffer {
  const head = Buffer.from(buildVmdk({ capacity: 128, grains: grains([0]), stream: true }).image.subarray(0, 512));
  head.writeBigUInt64LE(BigInt(capacity), 12);
  head.writeBigUInt64LE(BigInt(directory), 56);
  head.writeBigUInt64LE(BigInt(overhead), 64);
  return head;
}
