import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CellFile } from '../../../src/transfer/proof/cell-file.ts';
import { BLOCK, blockHash, CELL, hashCells } from '../../../src/transfer/proof/cell-hashes.ts';
import { MiB, noise, type Scratch, scratch, smallFileSystem } from '../fixture.ts';

/** More blocks than are held in memory at once, and a short one at the end. */
const BLOCKS = 3000;
const SIZE = BLOCKS * BLOCK - CELL - 5;

async function opened(place: Scratch, size = SIZE): Promise<CellFile> {
  const file = await CellFile.open(place.path('cells'), size);
  assert.ok(file !== undefined);
  return file;
}

const BLOCK_A = hashCells(noise('a', BLOCK));
const BLOCK_B = hashCells(noise('b', BLOCK).fill(0, 3 * CELL, 5 * CELL));
const SHORT = hashCells(noise('c', BLOCK - CELL - 5).fill(0, 14 * CELL));

test('cells of blocks all over the disk are known to the next process, with what of them is zeros', async () => {
  await using place = await scratch();
  const spread = Array.from({ length: 60 }, (_, at) => at * 49);
  {
    await using file = await opened(place);
    await Promise.all(spread.map((index) => file.keep(index, index % 2 === 0 ? BLOCK_A : BLOCK_B)));
    await file.keep(BLOCKS - 1, SHORT);
  }
  await using file = await opened(place);
  for (const index of spread) {
    const cells = index % 2 === 0 ? BLOCK_A : BLOCK_B;
    assert.deepEqual(await file.recall(index, blockHash(cells)), cells);
  }
  assert.deepEqual(await file.recall(BLOCKS - 1, blockHash(SHORT)), SHORT);
  assert.equal((await stat(place.path('cells'))).mode & 0o777, 0o600);
});

test('cells count only for the content that they are of, whatever became of the file', async () => {
  await using place = await scratch();
  {
    await using file = await opened(place);
    await file.keep(7, BLOCK_A);
    assert.equal(await file.recall(7, blockHash(BLOCK_B)), undefined);
    assert.equal(await file.recall(8, blockHash(BLOCK_A)), undefined, 'nothing is known of its neighbour');
    for (const [index, length] of [
      [8, BLOCK],
      [BLOCKS - 1, BLOCK - CELL - 5],
    ] as const) {
      const zeros = hashCells(Buffer.alloc(length));
      assert.deepEqual(await file.recall(index, blockHash(zeros)), zeros, 'nobody has to keep zeros');
    }
  }
  const whole = await readFile(place.path('cells'));
  const record = whole.indexOf(BLOCK_A.hashes);
  for (const at of [record, record + 31, record + 511]) {
    const torn = Buffer.from(whole);
    torn.writeUInt8(torn.readUInt8(at) ^ 1, at);
    await writeFile(place.path('cells'), torn);
    await using file = await opened(place);
    assert.equal(await file.recall(7, blockHash(BLOCK_A)), undefined);
  }
  await writeFile(place.path('cells'), whole.subarray(0, record + 100));
  await using cut = await opened(place);
  assert.equal(await cut.recall(7, blockHash(BLOCK_A)), undefined);
});

test('where the file cannot be, or would take the room of the journal, nothing is kept', async () => {
  await using place = await scratch();
  assert.equal(await CellFile.open(place.path('missing/cells'), SIZE), undefined);
  await using small = await smallFileSystem(place, 2 * MiB);
  assert.equal(await CellFile.open(small.path('cells'), SIZE), undefined);
  await using file = await CellFile.open(small.path('cells'), SIZE / 2);
  assert.ok(file !== undefined);
});

test('a file system that is full is no trouble', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 2 * MiB);
  {
    await using file = await CellFile.open(small.path('cells'), SIZE / 2);
    await writeFile(small.path('filler'), Buffer.alloc(2 * MiB)).catch(() => undefined);
    await file?.keep(3, BLOCK_A);
  }
  await using file = await CellFile.open(small.path('cells'), SIZE / 2);
  assert.equal(await file?.recall(3, blockHash(BLOCK_A)), undefined);
});
