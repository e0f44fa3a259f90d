/** A sparse VMDK in a file, onto a target whose journal may hold a part of it already. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { BlockWorkers } from '../../src/transfer/blocks/workers.ts';
import { copySparseInto, openSparse } from '../../src/transfer/copy-sparse.ts';
import { openJournal } from '../../src/transfer/journal/disk-journal.ts';
import { fails, layerOf, noise, type Scratch, scratch } from './fixture.ts';
import { MemoryStore } from './journal/memory-store.ts';
import { fileWriter } from './landing.ts';
import { type Built, buildVmdk, type SparseVmdk } from './sparse-vmdk.ts';

const GRAIN = 64 * 1024;
const NUMBERS = [3, 90, 0, 1, 2, 17, 33, 40, 64, 95, 96];

function vmdkOf(stream: boolean): SparseVmdk {
  return { capacity: 96 * 128 + 5, grains: new Map(NUMBERS.map((number) => [number, noise(`grain ${number}`, GRAIN)])), stream };
}

function contentOf({ capacity, grains }: SparseVmdk): Buffer {
  const disk = Buffer.alloc(capacity * 512);
  for (const [number, content] of grains) if (content !== 'zeroed') content.copy(disk, number * GRAIN);
  return disk;
}

/** @returns bytes that were told */
async function attempt(
  place: Scratch,
  image: Buffer,
  size: number,
  { store = new MemoryStore(), blank = true } = {},
): Promise<number> {
  const { signal } = new AbortController();
  await writeFile(place.path('disk.vmdk'), image);
  const source = { kind: 'image', layers: [await layerOf(place.path('disk.vmdk'), 'vmdk')], capacity: size } as const;
  await using sparse = await openSparse(source, signal);
  assert.ok(sparse);
  const workers = new BlockWorkers({ threads: 1 });
  await using _ = workers.lease();
  await using writer = await fileWriter(place.path('out.raw'), size, blank);
  const journal = await openJournal({ store, size, identity: 'a disk' });
  await journal.begin({ id: 'first', kind: 'full' });
  let told = 0;
  const onBytes = (bytes: number): void => {
    told += bytes;
  };
  await copySparseInto(sparse, { writer, journal, workers, signal, onBytes });
  await journal.end(() => writer.sync());
  return told;
}

/** Damages each grain of the blocks that are not in `except`. */
function spoilt({ image, grainAt }: Built, stream: boolean, hurts: (block: number) => boolean): Buffer {
  const copy = Buffer.from(image);
  for (const [number, at] of grainAt) if (hurts(Math.floor(number / 16))) copy.fill(0x55, at + (stream ? 12 : 0), at + 4096);
  return copy;
}

for (const stream of [true, false]) {
  const kind = stream ? 'streamOptimized' : 'plain sparse';

  test(`a ${kind} image comes onto a new target and onto a used one`, async () => {
    await using place = await scratch();
    const vmdk = vmdkOf(stream);
    const content = contentOf(vmdk);
    for (const blank of [true, false]) {
      if (!blank) await writeFile(place.path('out.raw'), noise('left behind', content.length));
      const told = await attempt(place, buildVmdk(vmdk).image, content.length, { blank });
      assert.ok((await readFile(place.path('out.raw'))).equals(content));
      assert.equal(told, (NUMBERS.length - 1) * GRAIN + 5 * 512);
    }
  });
}

test('what is done is neither inflated nor written when a copy is taken up again', async () => {
  await using place = await scratch();
  const vmdk = vmdkOf(true);
  const built = buildVmdk(vmdk);
  const content = contentOf(vmdk);
  const store = new MemoryStore();
  // The last block cannot be inflated; what was planned before it is done.
  const last = spoilt(built, true, (block) => block === 6);
  await fails(attempt(place, last, content.length, { store }), 'image-malformed');
  const journal = await openJournal({ store, size: content.length, identity: 'a disk' });
  const done = new Set([0, 1, 2, 3, 4, 5, 6].filter((block) => journal.stateOf(block) === 'done'));
  assert.ok(done.size >= 4);
  const others = spoilt(built, true, (block) => done.has(block));
  const told = await attempt(place, others, content.length, { store });
  assert.ok((await readFile(place.path('out.raw'))).equals(content));
  assert.equal(told, (NUMBERS.length - 1) * GRAIN + 5 * 512);
});
