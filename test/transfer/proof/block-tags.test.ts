import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BlockTags, tagOf } from '../../../src/transfer/proof/block-tags.ts';
import { MiB, noise } from '../fixture.ts';

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

test('a bit anywhere, a byte more and a byte less make another tag', () => {
  const { key } = new BlockTags();
  const block = noise('block', MiB);
  const tags = new Set([Buffer.from(tagOf(key, block)).toString('hex')]);
  for (const at of [0, 1, 65_535, 65_536, MiB / 2 + 7, MiB - 1]) {
    for (const bit of [0, 7]) {
      const other = Buffer.from(block);
      other.writeUInt8(other.readUInt8(at) ^ (1 << bit), at);
      tags.add(Buffer.from(tagOf(key, other)).toString('hex'));
    }
  }
  tags.add(Buffer.from(tagOf(key, block.subarray(1))).toString('hex'));
  tags.add(Buffer.from(tagOf(key, Buffer.concat([block, Buffer.alloc(1)]))).toString('hex'));
  assert.equal(tags.size, 15);
});

test('the same content has the same tag wherever it lies, under one key and no other', () => {
  const [one, other] = [new BlockTags(), new BlockTags()];
  const block = noise('block', 3000);
  const shared = Buffer.from(new SharedArrayBuffer(5000), 1000, 3000);
  block.copy(shared);
  assert.deepEqual(tagOf(one.key, block), tagOf(one.key, shared));
  assert.notDeepEqual(tagOf(one.key, block), tagOf(other.key, block));
});

test('cells that follow each other have one tag, however they lie', () => {
  const { key } = new BlockTags();
  const cells = noise('cells', 200_000);
  const parts = [cells.subarray(0, 65_536), cells.subarray(65_536, 131_072), cells.subarray(131_072)];
  assert.deepEqual(tagOf(key, ...parts), tagOf(key, cells));
  assert.notDeepEqual(tagOf(key, ...parts.toReversed()), tagOf(key, cells));
});

test('a tag is given only for the content that it was made of', () => {
  const tags = new BlockTags();
  const [first, second] = [Buffer.from('first'), Buffer.from('second')];
  for (const index of [0, 1023, 1024, 70_000]) {
    assert.equal(tags.get(index, sha256(first)), undefined);
    tags.set(index, sha256(first), tagOf(tags.key, first));
    assert.deepEqual(tags.get(index, sha256(first)), Uint8Array.from(tagOf(tags.key, first)));
    assert.equal(tags.get(index, sha256(second)), undefined, 'left behind by an earlier content');
    assert.equal(tags.get(index + 1, sha256(first)), undefined);
  }
});
