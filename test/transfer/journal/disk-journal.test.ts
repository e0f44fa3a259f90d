import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { GiB, MiB } from '../../../src/model/units.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import type { DiskJournal, TargetJournal } from '../../../src/transfer/journal/journal.ts';
import { seededWords } from '../../fakes/seeded.ts';
import { fails } from '../fixture.ts';
import { MemoryStore } from './memory-store.ts';

const SIZE = 40 * MiB;
const identity = 'disk of a test';

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

async function nothing(): Promise<void> {
  // A target that needs no sync.
}

async function opened(store: MemoryStore, size = SIZE): Promise<TargetJournal> {
  return await openJournal({ store, size, identity });
}

/** The state of all blocks in one word: `.` untouched, `D` done, `?` dirty. */
function states(journal: DiskJournal): string {
  const letters = { untouched: '.', done: 'D', dirty: '?' };
  return Array.from({ length: journal.hashes.count }, (_, block) => letters[journal.stateOf(block)]).join('');
}

test('a block is dirty from its intent to its commit, and done only then', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store, 4 * MiB);
  await journal.begin({ id: 'a', kind: 'full' });
  assert.equal(states(journal), '....');
  await journal.intend(1, 3);
  assert.equal(states(journal), '.??.');
  journal.add([{ index: 1, digest: digest('one') }]);
  assert.equal(states(journal), '.??.');
  await journal.commit(nothing);
  assert.equal(states(journal), '.D?.');
  assert.deepEqual(Buffer.from(journal.hashes.get(1)), digest('one'));
  await using again = await opened(store, 4 * MiB);
  assert.equal(states(again), '.D?.');
  assert.equal(again.hashes.root(), journal.hashes.root());
});

test('what was added and not committed is not there in the next run', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store, 4 * MiB);
  await journal.begin({ id: 'a', kind: 'full' });
  await journal.intend(0, 2);
  journal.add([{ index: 0, digest: digest('zero') }]);
  journal.addZeros(1, 2);
  assert.equal(states(await opened(store, 4 * MiB)), '??..');
});

test('a commit covers what was added before it, and not what comes while it syncs', async () => {
  await using journal = await opened(new MemoryStore(), 4 * MiB);
  await journal.begin({ id: 'a', kind: 'full' });
  await journal.intend(0, 4);
  journal.add([{ index: 0, digest: digest('zero') }]);
  await journal.commit(async () => journal.addZeros(1, 3));
  assert.equal(states(journal), 'D???');
  await journal.commit(nothing);
  assert.equal(states(journal), 'DDD?');
});

test('a block that is touched again while it is committed stays dirty', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store, 4 * MiB);
  await journal.begin({ id: 'a', kind: 'full' });
  await journal.intend(0, 4);
  journal.addZeros(0, 4);
  await journal.commit(() => journal.intend(1, 3));
  assert.equal(states(journal), 'D??D');
  assert.equal(states(await opened(store, 4 * MiB)), 'D??D');
});

test('the last digest of a block wins, whichever commit ends first', async () => {
  await using journal = await opened(new MemoryStore(), 4 * MiB);
  await journal.begin({ id: 'a', kind: 'full' });
  journal.add([{ index: 0, digest: digest('old') }]);
  await journal.commit(async () => {
    journal.add([{ index: 0, digest: digest('new') }]);
    await journal.commit(nothing);
  });
  assert.deepEqual(Buffer.from(journal.hashes.get(0)), digest('new'));
});

test('after a failed sync the blocks are still dirty, and a later commit does not bring them back', async () => {
  await using journal = await opened(new MemoryStore(), 4 * MiB);
  await journal.begin({ id: 'a', kind: 'full' });
  await journal.intend(0, 1);
  journal.addZeros(0, 1);
  await assert.rejects(
    journal.commit(() => Promise.reject(new Error('EIO'))),
    /EIO/,
  );
  await journal.commit(nothing);
  assert.equal(states(journal), '?...');
});

test('the same pass goes on, and another one begins with everything untouched but what is dirty', async () => {
  const store = new MemoryStore();
  {
    await using journal = await opened(store, 4 * MiB);
    await journal.begin({ id: 'a', kind: 'full' });
    await journal.intend(0, 2);
    journal.add([{ index: 0, digest: digest('zero') }]);
    await journal.commit(nothing);
  }
  await using journal = await opened(store, 4 * MiB);
  assert.deepEqual(journal.pass, { id: 'a', kind: 'full', ended: false });
  await journal.begin({ id: 'a', kind: 'full' });
  assert.equal(states(journal), 'D?..');
  await journal.begin({ id: 'b', kind: 'full' });
  assert.equal(states(journal), '.?..');
  assert.deepEqual(Buffer.from(journal.hashes.get(0)), digest('zero'));
  assert.deepEqual(
    [0, 1, 2].map((block) => journal.mayHoldData(block)),
    [true, true, false],
  );
});

test('ended passes are counted, over deltas and new runs', async () => {
  const store = new MemoryStore();
  for (const [index, id] of ['a', 'b', 'b'].entries()) {
    await using journal = await opened(store);
    await journal.begin({ id, kind: index === 0 ? 'full' : 'delta' });
    journal.addZeros(index, index + 1);
    await journal.end(nothing);
    assert.equal(states(journal).indexOf('D'), index);
    assert.equal(journal.passes, index + 1);
  }
  const { pass, passes } = await opened(store);
  assert.deepEqual({ pass, passes }, { pass: { id: 'b', kind: 'delta', ended: true }, passes: 3 });
});

test('a pass with dirty blocks cannot end', async () => {
  await using journal = await opened(new MemoryStore());
  await journal.begin({ id: 'a', kind: 'full' });
  await journal.intend(3, 4);
  await assert.rejects(journal.end(nothing), /1 blocks are dirty/);
  assert.equal(journal.pass?.ended, false);
});

test('that the target was handed out is remembered until it was looked at, also by a compacted journal', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  await journal.begin({ id: 'a', kind: 'full' });
  await journal.intend(0, 1);
  await assert.rejects(journal.close(), /1 blocks are dirty/);
  journal.add([{ index: 0, digest: digest('one') }]);
  await journal.commit(nothing);
  await journal.close();
  await using after = await opened(store);
  assert.deepEqual([after.closed, after.pass?.ended, after.passes], [true, true, 1]);
  await after.begin({ id: 'b', kind: 'delta' });
  for (let time = 0; time < 300; time += 1) await after.intend(time % 40, 40);
  await using compacted = await opened(store);
  assert.equal(compacted.closed, true);
  await compacted.reopen();
  assert.equal((await opened(store)).closed, false);
});

test('that the target was blanked is remembered', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  assert.equal(journal.blanked, false);
  await journal.markBlanked();
  assert.equal((await opened(store)).blanked, true);
});

test('intents side by side share one append', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  await Promise.all(Array.from({ length: 16 }, (_, block) => journal.intend(block, block + 1)));
  assert.ok(store.appends <= 2, `${store.appends} appends`);
  assert.equal(states(journal).lastIndexOf('?'), 15);
});

test('the journal of another disk is told apart from a damaged one, and can be begun anew', async () => {
  const store = new MemoryStore();
  await using _ = await opened(store);
  await fails(openJournal({ store, size: SIZE, identity: 'other' }), 'state-foreign', /another source/);
  await fails(openJournal({ store, size: SIZE + 1, identity }), 'state-foreign', /41943040 bytes instead of 41943041/);
  store.content = Buffer.from(store.content.map((byte, index) => (index === 12 ? byte ^ 1 : byte)));
  await fails(opened(store), 'state-unreadable', /header is damaged/);
  await store.remove();
  assert.equal((await opened(store)).pass, undefined);
});

test('blocks that the disk does not have are a bug', async () => {
  await using journal = await opened(new MemoryStore(), 4 * MiB);
  await assert.rejects(journal.intend(0, 5), RangeError);
  assert.throws(() => journal.addZeros(3, 2), RangeError);
  assert.throws(() => journal.add([{ index: 4, digest: digest('x') }]), RangeError);
});

test('a journal stays below 0.01 % of the disk over a full copy and many deltas in small commits', async () => {
  const store = new MemoryStore();
  const size = 8 * GiB;
  await using journal = await opened(store, size);
  const word = seededWords(8);
  const { count } = journal.hashes;
  await journal.begin({ id: 'full', kind: 'full' });
  for (let from = 0; from < count; from += 16) {
    await journal.intend(from, from + 16);
    journal.add(Array.from({ length: 16 }, (_, index) => ({ index: from + index, digest: digest(`${from} ${index}`) })));
    await journal.commit(nothing);
  }
  await journal.end(nothing);
  for (let delta = 0; delta < 12; delta += 1) {
    await journal.begin({ id: `delta ${delta}`, kind: 'delta' });
    for (let change = 0; change < 1500; change += 1) {
      const block = word() % count;
      await journal.intend(block, block + 1);
      if (change % 3 === 0) journal.addZeros(block, block + 1);
      else journal.add([{ index: block, digest: digest(`${delta} ${block}`) }]);
      await journal.commit(nothing);
    }
    await journal.end(nothing);
  }
  assert.ok(store.peak <= size / 10_000, `${store.peak} bytes for a disk of ${size}`);
  assert.ok(store.replacements > 2 && store.replacements < 20, `${store.replacements} compactions`);
  await using again = await opened(store, size);
  assert.equal(again.hashes.root(), journal.hashes.root());
  assert.equal(states(again), states(journal));
});
