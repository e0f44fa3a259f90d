import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BLOCK, blockHash, CELL, hashCells } from '../../../src/transfer/proof/cell-hashes.ts';

const LENGTHS = [BLOCK, BLOCK - CELL, BLOCK - 1, 3 * CELL + 777, CELL, 777, 1];

function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(String(length)).digest();
}

/** As the file of the hash says it, in other words. */
function expected(block: Buffer): string {
  const whole = createHash('sha256');
  for (let at = 0; at < block.length; at += CELL) {
    const cell = createHash('sha256').update(block.subarray(at, at + CELL));
    whole.update(cell.digest());
  }
  return whole.digest('hex');
}

for (const length of LENGTHS) {
  test(`the hash of ${length} bytes is the hash over those of their cells, for noise, zeros and both`, () => {
    const half = noise(length).fill(0, Math.ceil(length / 2));
    for (const block of [noise(length), Buffer.alloc(length), half]) {
      assert.equal(blockHash(hashCells(block)).toString('hex'), expected(block));
    }
  });
}

test('cells that hold anything but zeros are told, the last byte of the last cell counts', () => {
  const block = Buffer.alloc(3 * CELL + 777);
  assert.equal(hashCells(block).data, 0);
  block[CELL] = 1;
  block[block.length - 1] = 1;
  assert.equal(hashCells(block).data, 0b1010);
});

test('cells that changed are all that has to be there to hash a block anew', () => {
  const block = noise(BLOCK - 5);
  const old = hashCells(block);
  block.fill(0, 2 * CELL, 3 * CELL);
  block.fill('new', 15 * CELL);
  const known = { ...old, changed: (1 << 2) | (1 << 15) };
  const seen = Buffer.alloc(block.length, 'rubbish');
  for (const cell of [2, 15]) block.copy(seen, cell * CELL, cell * CELL, (cell + 1) * CELL);
  const found = hashCells(seen, known);
  assert.equal(blockHash(found).toString('hex'), expected(block));
  assert.equal(found.data, 0xffff & ~(1 << 2));
  assert.notEqual(blockHash(old).toString('hex'), expected(block), 'what was known is left as it was');
});
