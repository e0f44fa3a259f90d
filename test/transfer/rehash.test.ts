/** Roots of disks of which only a part was changed, against the reading of all of it. */
import assert from 'node:assert/strict';
import { open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { NewRoot } from '../../src/contracts/verification.ts';
import type { Extent } from '../../src/model/transfer.ts';
import { Cells } from '../../src/transfer/engine/cells.ts';
import { FileHasher } from '../../src/transfer/hash-file.ts';
import { BlockHashes } from '../../src/transfer/proof/block-hashes.ts';
import { BLOCK, blockHash, CELL, CELLS, hashCells } from '../../src/transfer/proof/cell-hashes.ts';
import { keepHashes, readHashes, takeHashes } from '../../src/transfer/proof/kept-hashes.ts';
import { rehash } from '../../src/transfer/rehash.ts';
import { copy, jobTo, layerOf, MiB, noise, rawDisk, type Scratch, scratch } from './fixture.ts';

let place: Scratch;
before(async () => {
  place = await scratch();
});
after(() => place[Symbol.asyncDispose]());

const hasher = new FileHasher();
const quiet = { signal: new AbortController().signal, onProgress: () => undefined };

function wholeOf(bytes: Uint8Array): BlockHashes {
  const hashes = new BlockHashes(bytes.length);
  for (let index = 0; index < hashes.count; index += 1) {
    hashes.set(index, blockHash(hashCells(bytes.subarray(index * BLOCK, (index + 1) * BLOCK))));
  }
  return hashes;
}

interface Change extends Extent {
  /** What is written there. */
  readonly with: number;
}

const size = fc.oneof(fc.integer({ min: 1, max: 4 * BLOCK }), fc.constantFrom(BLOCK, 3 * BLOCK, 2 * BLOCK + CELL, 2 * BLOCK - 1));
/** Places are drawn around the borders of cells and blocks, where mistakes are. */
const border = fc.tuple(fc.integer({ min: 0, max: 64 }), fc.constantFrom(-1, 0, 1, 4095)).map(([cell, by]) => cell * CELL + by);
const change = fc.record({ from: border, to: border, with: fc.constantFrom(0, 0, 7, 8) });

test('the hashes of a disk after changes are those that reading all of it gives, and no more is read than what changed', async () => {
  const file = place.path('any.raw');
  const run = async (bytes: number, data: readonly boolean[], drawn: readonly { from: number; to: number; with: number }[]) => {
    const disk = Buffer.alloc(bytes);
    for (const [cell, isData] of data.entries()) if (isData) disk.subarray(cell * CELL, (cell + 1) * CELL).fill(cell + 1);
    const before = wholeOf(disk);
    const known = new Map(
      Array.from({ length: before.count }, (_, index) => [index, hashCells(disk.subarray(index * BLOCK, (index + 1) * BLOCK))]),
    );
    const changed = new Cells(bytes);
    const changes = drawn.flatMap(({ from, to, with: value }): readonly Change[] => {
      const [offset, end] = [Math.max(0, Math.min(from, to)), Math.min(bytes, Math.max(from, to))];
      return offset < end ? [{ offset, length: end - offset, with: value }] : [];
    });
    for (const { offset, length, with: value } of changes) {
      changed.add({ offset, length });
      disk.fill(value, offset, offset + length);
    }
    // What a trim made zeros is told for most places.
    const zeroed = new Cells(bytes);
    let unread = 0;
    for (let cell = 0; cell * CELL < bytes; cell += 1) {
      const extent = { offset: cell * CELL, length: Math.min(CELL, bytes - cell * CELL) };
      const isMeant = (changed.maskOf(Math.floor(cell / CELLS)) & (1 << (cell % CELLS))) !== 0;
      const isZero = disk.subarray(extent.offset, extent.offset + CELL).equals(Buffer.alloc(extent.length));
      if (!isMeant || !isZero || cell % 5 === 0) continue;
      zeroed.add(extent);
      if (data[cell] !== true) unread += extent.length;
    }
    await writeFile(file, disk);
    const expected = wholeOf(disk).root();
    // With the cells of every other block known, of all, of none.
    for (const every of [2, 1, 0]) {
      const hashes = wholeOf(Buffer.alloc(bytes));
      for (let index = 0; index < before.count; index += 1) hashes.set(index, before.get(index));
      let read = 0;
      const recall = async (index: number) => (index % every === 0 ? known.get(index) : undefined);
      const onBytes = (count: number): void => {
        read += count;
      };
      await rehash(file, { hashes, changed, zeroed, known: { recall }, signal: quiet.signal, onBytes });
      assert.equal(hashes.root(), expected);
      if (every === 1) assert.equal(read, changed.bytes - unread);
    }
  };
  const cells = fc.array(fc.boolean(), { minLength: 64, maxLength: 64 });
  await fc.assert(fc.asyncProperty(size, cells, fc.array(change, { maxLength: 6 }), run), { numRuns: 40 });
});

test('what the end of a file cuts off counts as zeros', async () => {
  const file = place.path('short.raw');
  await writeFile(file, noise('short', 3 * MiB));
  const hashes = wholeOf(await readFile(file));
  await truncate(file, MiB + 5);
  const changed = new Cells(3 * MiB);
  changed.add({ offset: MiB, length: 2 * MiB });
  const zeroed = new Cells(3 * MiB);
  await rehash(file, { hashes, changed, zeroed, known: undefined, signal: quiet.signal, onBytes: () => undefined });
  const now = Buffer.alloc(3 * MiB);
  (await readFile(file)).copy(now);
  assert.equal(hashes.root(), wholeOf(now).root());
});

test('kept hashes are those that were kept, or none: torn, cut, of another disk, of another content, gone', async () => {
  const disk = Buffer.concat([noise('kept', 2 * MiB), Buffer.alloc(5 * MiB), noise('end', 777)]);
  const hashes = wholeOf(disk);
  const root = hashes.root();
  const file = place.path('kept.hashes');
  await keepHashes(file, hashes);
  assert.equal((await readHashes(file, disk.length, root))?.root(), root);
  assert.equal(await readHashes(file, disk.length + BLOCK, root), undefined);
  assert.equal(await readHashes(file, disk.length - 1, root), undefined);
  assert.equal(await readHashes(file, disk.length, wholeOf(noise('other', disk.length)).root()), undefined);
  const whole = await readFile(file);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), fc.boolean(), async (at, isCut) => {
      const torn = Buffer.from(whole);
      torn[at] = (torn[at] ?? 0) ^ 1;
      await writeFile(file, isCut ? torn.subarray(0, at) : torn);
      assert.equal(await readHashes(file, disk.length, root), undefined);
    }),
    { numRuns: 30 },
  );
  await rm(file);
  assert.equal(await readHashes(file, disk.length, root), undefined);
});

test('whoever takes hashes has them alone, also when it is killed in between', async () => {
  const [from, into] = [place.path('from.hashes'), place.path('into.hashes')];
  await writeFile(from, 'hashes');
  await writeFile(into, 'tor');
  await takeHashes(from, into);
  await takeHashes(from, into);
  assert.equal(await readFile(into, 'utf8'), 'hashes');
  await assert.rejects(readFile(from), { code: 'ENOENT' });
  // Where there is no room for them they are gone all the same.
  await writeFile(from, 'hashes');
  await takeHashes(from, place.path('nowhere/into.hashes'));
  await assert.rejects(readFile(from), { code: 'ENOENT' });
});

test('of a disk of which little was changed little is read, and without its hashes all of it', async () => {
  const bytes = 64 * MiB;
  const [source, target] = [place.path('source.raw'), place.path('disk.raw')];
  await rawDisk(source, bytes, [{ offset: 0, length: 32 * MiB }]);
  const from = { kind: 'image', layers: [await layerOf(source, 'raw')], capacity: bytes } as const;
  const { proof } = await copy({ ...jobTo(target, from), keepsHashes: true });
  const journal = `${target}.journal`;
  const names = (await readdir(place.folder)).filter((name) => name.startsWith('disk.raw'));
  assert.deepEqual(names.toSorted(), ['disk.raw', 'disk.raw.journal.hashes']);
  const hashes = place.path('taken');
  await hasher.takeHashes(journal, hashes);
  const changed = [
    { offset: 0, length: CELL },
    { offset: 9 * MiB + CELL, length: 2 * CELL },
    { offset: 40 * MiB, length: CELL },
    // Up to here something is written. A device may be larger than its disk.
    { offset: bytes - CELL, length: 2 * CELL },
    { offset: bytes + CELL, length: CELL },
    // A trim of what nobody ever used, which a device cannot tell from data.
    { offset: 33 * MiB + 5, length: 6 * MiB },
  ];
  const zeroed = changed.slice(-1);
  await using disk = await open(target, 'r+');
  for (const { offset } of changed.slice(0, 4)) await disk.write(noise('now', CELL), 0, CELL, offset);
  await disk.sync();
  const about = { id: 'web/0', path: target, size: bytes };
  const change = { before: proof?.root ?? '', hashes, journal, changed, zeroed };
  const whole = await hasher.rootOf(about, quiet);
  const before = await readByUs();
  const now = await hasher.rootAfter(about, change, quiet);
  // Data whose cells nobody knows is read by the MiB; zeros are known, and only the cells at both ends of the trim are not zeros as a whole.
  assert.deepEqual(now, { root: whole, read: 2 * MiB + 2 * CELL + 2 * CELL });
  assert.ok((await readByUs()) - before < 3 * MiB, 'as the kernel counts it');
  // A bit that rotted elsewhere is not seen: the root stays that of the bytes that were proven, and whoever reads all of it finds that.
  await disk.write(Buffer.from([0]), 0, 1, 20 * MiB);
  await disk.sync();
  assert.equal((await hasher.rootAfter(about, change, quiet)).root, whole);
  const rotten = await hasher.rootOf(about, quiet);
  assert.notEqual(rotten, whole);
  for (const other of [
    { ...change, hashes: place.path('gone') },
    { ...change, before: whole },
  ]) {
    const said: NewRoot = await hasher.rootAfter(about, other, quiet);
    assert.deepEqual(said, { root: rotten, wholeBecause: 'no hashes of its blocks are left that are those of its copy' });
  }
});

/** Bytes that this process has read from anything. */
async function readByUs(): Promise<number> {
  return Number(/rchar: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}
