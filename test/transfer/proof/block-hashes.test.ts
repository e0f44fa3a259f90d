import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { GiB, MiB } from '../../../src/model/units.ts';
import { BlockHashes } from '../../../src/transfer/proof/block-hashes.ts';
import { BLOCK, blockHash, hashCells } from '../../../src/transfer/proof/cell-hashes.ts';

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function hashOf(block: Uint8Array): Buffer {
  return blockHash(hashCells(block));
}

test('blocks that were never set are zeros, the short last one too', () => {
  const size = 2 * MiB + 777;
  const set = new BlockHashes(size);
  for (const [index, length] of [BLOCK, BLOCK, 777].entries()) set.set(index, hashOf(new Uint8Array(length)));
  assert.equal(set.root(), new BlockHashes(size).root());
  assert.equal([...set.differences(new BlockHashes(size))].length, 0);
});

test('the root covers every block and the size', () => {
  const roots = new Set([3 * MiB, 3 * MiB - 1, 4 * MiB, 5 * GiB].map((size) => new BlockHashes(size).root()));
  for (const index of [0, 1, 2]) {
    const hashes = new BlockHashes(3 * MiB);
    hashes.set(index, sha256(Buffer.from('data')));
    roots.add(hashes.root());
  }
  assert.equal(roots.size, 7);
});

test('the first block that differs is found, in whatever gigabyte it lies', () => {
  const a = new BlockHashes(9 * GiB);
  const b = new BlockHashes(9 * GiB);
  b.set(9 * 1024 - 1, sha256(Buffer.from('late')));
  assert.equal(a.differences(b).next().value, 9 * 1024 - 1);
  a.set(5000, sha256(Buffer.from('earlier')));
  assert.equal(a.differences(b).next().value, 5000);
  b.set(5000, sha256(Buffer.from('earlier')));
  assert.equal(b.differences(a).next().value, 9 * 1024 - 1);
});

test('a block outside of the disk is a bug', () => {
  for (const index of [-1, 2, 0.5 + 2])
    assert.throws(() => new BlockHashes(2 * MiB).set(index, sha256(Buffer.alloc(1))), RangeError);
});

test('the hash of a block can be asked for and made that of zeros again, the short last one too', () => {
  const hashes = new BlockHashes(2 * MiB + 777);
  const zeros = [BLOCK, BLOCK, 777].map((length) => hashOf(new Uint8Array(length)));
  for (const [index, zero] of zeros.entries()) {
    assert.deepEqual(Buffer.from(hashes.get(index)), zero);
    hashes.set(index, sha256(Buffer.from('data')));
    assert.deepEqual(Buffer.from(hashes.get(index)), sha256(Buffer.from('data')));
    hashes.setZero(index);
    assert.deepEqual(Buffer.from(hashes.get(index)), zero);
  }
  assert.throws(() => hashes.get(3), RangeError);
});
