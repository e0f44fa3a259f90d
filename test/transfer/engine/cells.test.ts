import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Extent } from '../../../src/model/transfer.ts';
import { GiB, KiB, MiB, TiB } from '../../../src/model/units.ts';
import { Cells, collectCells } from '../../../src/transfer/engine/cells.ts';
import { BLOCK, CELL } from '../../../src/transfer/proof/cell-hashes.ts';
import { seededWords } from '../../fakes/seeded.ts';
import { fails } from '../fixture.ts';

const never = new AbortController().signal;

function allParts(cells: Cells): readonly Extent[] {
  const parts: Extent[] = [];
  for (let block = 0; block < Math.ceil(cells.size / BLOCK); block += 1) parts.push(...cells.partsOf(block));
  return parts;
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`extents in any order, overlapping and repeated, mean exactly the cells that they touch (seed ${seed})`, () => {
    const random = seededWords(seed);
    const size = 3 * GiB - 777;
    const cells = new Cells(size);
    const touched = new Set<number>();
    for (let count = 0; count < 60; count += 1) {
      const offset = Math.floor((random() / 2 ** 32) * size);
      const length = Math.min(size - offset, Math.floor((random() / 2 ** 32) ** 4 * size));
      cells.add({ offset, length });
      if (length === 0) continue;
      for (let cell = Math.floor(offset / CELL); cell * CELL < offset + length; cell += 1) touched.add(cell);
    }
    let bytes = 0;
    for (const { offset, length } of allParts(cells)) {
      for (let at = offset; at < offset + length; at += CELL) assert.ok(touched.delete(at / CELL), `cell at ${at}`);
      bytes += length;
    }
    assert.equal(touched.size, 0);
    assert.equal(bytes, cells.bytes);
  });
}

test('parts of a block are apart, joined where they adjoin, and end with the disk', () => {
  const cells = new Cells(2 * MiB + 5);
  cells.add({ offset: 10, length: 1 });
  cells.add({ offset: 64 * KiB, length: 1 });
  cells.add({ offset: 256 * KiB, length: 64 * KiB });
  cells.add({ offset: 2 * MiB, length: 100 });
  assert.deepEqual(cells.partsOf(0), [
    { offset: 0, length: 128 * KiB },
    { offset: 256 * KiB, length: 64 * KiB },
  ]);
  assert.deepEqual(cells.partsOf(1), []);
  assert.deepEqual(cells.partsOf(2), [{ offset: 2 * MiB, length: 5 }]);
});

test('a disk of 64 TiB that is wholly meant takes no memory to speak of', () => {
  const cells = new Cells(64 * TiB);
  const before = process.memoryUsage().arrayBuffers;
  cells.add({ offset: 0, length: 64 * TiB });
  assert.equal(cells.bytes, 64 * TiB);
  assert.ok(process.memoryUsage().arrayBuffers - before < MiB);
  cells.add({ offset: TiB + 1, length: GiB });
  assert.equal(cells.bytes, 64 * TiB);
});

test('bytes that the disk does not have are an error, an extent across its end is cut', async () => {
  const cells = new Cells(MiB);
  cells.add({ offset: MiB - 1, length: 64 * KiB });
  assert.equal(cells.bytes, 64 * KiB);
  for (const extent of [
    { offset: MiB, length: 1 },
    { offset: -1, length: 5 },
    { offset: 0, length: Number.NaN },
    { offset: 0.5, length: 1 },
  ]) {
    await fails(
      Promise.resolve().then(() => cells.add(extent)),
      'source-answer-broken',
    );
  }
});

test('a list without an end is refused, one that names each sector is not', async () => {
  async function* endless(): AsyncGenerator<Extent> {
    for (;;) yield { offset: 512, length: 512 };
  }
  async function* sectors(): AsyncGenerator<Extent> {
    for (let offset = 0; offset < 64 * MiB; offset += 512) yield { offset, length: 512 };
  }
  await fails(collectCells(endless(), MiB, never), 'source-answer-broken', /again and again/);
  assert.equal((await collectCells(sectors(), 64 * MiB, never)).bytes, 64 * MiB);
});
