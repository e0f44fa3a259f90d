/** Which blocks count as read back, for how long, and what a run that comes after a kill may believe of it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MiB } from '../../../src/model/units.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import type { TargetJournal } from '../../../src/transfer/journal/journal.ts';
import { MemoryStore } from './memory-store.ts';

const identity = 'disk of a test';
const nothing = async (): Promise<void> => undefined;

async function opened(store: MemoryStore, blocks = 12): Promise<TargetJournal> {
  return await openJournal({ store, size: blocks * MiB, identity });
}

/** Numbers of the blocks that are proven. */
function proven(journal: TargetJournal): readonly number[] {
  return Array.from({ length: journal.hashes.count }, (_, block) => block).filter((block) => journal.isProven(block));
}

async function wrote(journal: TargetJournal, block: number, text: string): Promise<void> {
  await journal.intend(block, block + 1);
  journal.add([{ index: block, digest: createHash('sha256').update(text).digest() }]);
  await journal.commit(nothing);
}

test('a block is proven from pass to pass and from run to run, until it is announced', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  await journal.begin({ id: 'first', kind: 'full' });
  await wrote(journal, 3, 'three');
  assert.deepEqual(proven(journal), []);
  await journal.prove([0, 1, 3, 11]);
  await journal.end(nothing);
  await journal.begin({ id: 'second', kind: 'delta' });
  await journal.prove([]);
  assert.deepEqual(proven(await opened(store)), [0, 1, 3, 11]);
  await journal.intend(1, 4);
  assert.deepEqual(proven(journal), [0, 11]);
  assert.deepEqual(proven(await opened(store)), [0, 11]);
});

test('a block that becomes what it was is not proven by what was read before', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  await journal.begin({ id: 'first', kind: 'full' });
  await wrote(journal, 3, 'as it was');
  await journal.prove([3]);
  await wrote(journal, 3, 'something else');
  await wrote(journal, 3, 'as it was');
  assert.deepEqual(proven(await opened(store)), []);
});

test('what is dirty is not proven, whoever says so', async () => {
  await using journal = await opened(new MemoryStore());
  await journal.intend(2, 3);
  await journal.prove([1, 2, 3]);
  assert.deepEqual(proven(journal), [1, 3]);
});

test('a journal that is put in order still knows, over all of a large disk', async () => {
  const store = new MemoryStore();
  const blocks = Array.from({ length: 9000 }, (_, block) => block).filter((block) => block % 3 !== 1);
  await using journal = await opened(store, 9001);
  await journal.begin({ id: 'first', kind: 'full' });
  await journal.prove(blocks);
  const before = store.replacements;
  while (store.replacements === before) await journal.intend(9000, 9001);
  assert.deepEqual(proven(journal), blocks);
  assert.deepEqual(proven(await opened(store, 9001)), blocks);
});

test('nothing is proven by a journal whose end is torn: it may have told of blocks that were touched', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  await journal.begin({ id: 'first', kind: 'full' });
  await journal.prove([0, 1, 2]);
  await journal.intend(1, 2);
  store.content = store.content.subarray(0, -1);
  assert.deepEqual(proven(await opened(store)), []);
  assert.deepEqual(proven(await opened(store)), [], 'nor later, when the torn end is gone');
});
