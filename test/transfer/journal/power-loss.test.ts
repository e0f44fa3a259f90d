/** What a next run reads after the power went, a file was cut or a bit turned over. Seeds are fixed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MigrationError } from '../../../src/model/errors.ts';
import { MiB } from '../../../src/model/units.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import type { TargetJournal } from '../../../src/transfer/journal/journal.ts';
import { seededWords } from '../../fakes/seeded.ts';
import { MemoryStore, PowerLoss } from './memory-store.ts';

const BLOCKS = 48;
const identity = 'disk of a test';

async function opened(store: MemoryStore): Promise<TargetJournal> {
  return await openJournal({ store, size: BLOCKS * MiB, identity });
}

function digest(value: number): Uint8Array {
  return createHash('sha256').update(String(value)).digest();
}

function summary(journal: TargetJournal): string {
  const blocks = Array.from({ length: BLOCKS }, (_, block) => {
    const state = journal.stateOf(block);
    return state === 'dirty' ? '?' : `${state} ${Buffer.from(journal.hashes.get(block)).toString('hex', 0, 6)}`;
  });
  return JSON.stringify([journal.pass, journal.passes, journal.blanked, blocks]);
}

/** Does one thing or another with the journal, as an engine would. */
async function step(journal: TargetJournal, word: () => number): Promise<void> {
  const from = word() % BLOCKS;
  const to = Math.min(BLOCKS, from + 1 + (word() % 6));
  const kind = word() % 12;
  if (kind === 0) return await journal.begin({ id: `pass ${word() % 4}`, kind: 'delta' });
  if (kind === 1) return await journal.markBlanked();
  await journal.intend(from, to);
  if (kind < 4) return;
  if (kind < 7) journal.addZeros(from, to);
  else journal.add(Array.from({ length: to - from }, (_, index) => ({ index: from + index, digest: digest(word()) })));
  if (kind < 11) await journal.commit(async () => undefined);
}

test('a journal cut at any byte tells a state that was true, and goes on from there', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  const header = store.size;
  /** Content and state after each append. */
  const states = new Map([[header, summary(journal)]]);
  const word = seededWords(7);
  while (store.size < 2000 && store.replacements === 1) {
    await step(journal, word);
    states.set(store.size, summary(journal));
  }
  const whole = store.content;
  assert.ok(states.size > 20);
  let last = 0;
  for (let length = 1; length <= whole.length; length += 1) {
    const cut = new MemoryStore();
    cut.content = whole.subarray(0, length);
    if (length < header) {
      await assert.rejects(opened(cut), (error) => error instanceof MigrationError && error.code === 'state-unreadable');
      continue;
    }
    await using loaded = await opened(cut);
    const expected = states.get(length);
    if (expected !== undefined) {
      assert.equal(summary(loaded), expected);
      last = length;
    }
    await loaded.intend(0, 1);
    await using again = await opened(cut);
    assert.equal(summary(again), summary(loaded), `cut at ${length}, after ${last}`);
  }
});

test('a turned bit anywhere is noticed: what is loaded is a state that was true before it', async () => {
  const store = new MemoryStore();
  await using journal = await opened(store);
  const header = store.size;
  const states = new Set([summary(journal)]);
  const word = seededWords(11);
  // One record an append, so that each prefix of records is a state that was seen.
  for (let index = 0; index < 30; index += 1) {
    await journal.intend(index, index + 1);
    states.add(summary(journal));
    journal.add([{ index, digest: digest(word()) }]);
    await journal.commit(async () => undefined);
    states.add(summary(journal));
  }
  assert.equal(store.replacements, 1);
  for (let round = 0; round < 600; round += 1) {
    const at = word() % store.size;
    const damaged = new MemoryStore();
    const bytes = store.content;
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (word() % 8)), at);
    damaged.content = bytes;
    const work = opened(damaged);
    if (at < header) await assert.rejects(work, (error) => error instanceof MigrationError && error.code === 'state-unreadable');
    else assert.ok(states.has(summary(await work)));
  }
});

test('a compacted journal that is damaged within is refused, because blocks would look untouched that are not', async () => {
  const store = new MemoryStore();
  {
    await using journal = await opened(store);
    await journal.begin({ id: 'a', kind: 'full' });
    await journal.intend(0, 8);
    await journal.markBlanked();
  }
  store.content = store.content.subarray(0, -1);
  await using _ = await opened(store);
  const compacted = store.content;
  assert.equal(store.replacements, 2);
  for (let length = 1; length < compacted.length; length += 1) {
    const cut = new MemoryStore();
    cut.content = compacted.subarray(0, length);
    await assert.rejects(opened(cut), (error) => error instanceof MigrationError && error.code === 'state-unreadable');
  }
});

test('random bytes are never taken for a journal', async () => {
  const word = seededWords(5);
  for (let round = 0; round < 200; round += 1) {
    const store = new MemoryStore();
    store.content = Buffer.from(Array.from({ length: 1 + (word() % 400) }, () => word() & 255));
    await assert.rejects(opened(store), (error) => error instanceof MigrationError && error.code === 'state-unreadable');
  }
});

test('whenever the power goes, the next run knows what was acknowledged, and at most the one thing that was on its way', async () => {
  let losses = 0;
  for (let seed = 1; seed <= 150; seed += 1) {
    const word = seededWords(seed);
    const store = new MemoryStore();
    let journal = await opened(store);
    let acknowledged = summary(journal);
    for (let index = 0; index < 80; index += 1) {
      store.powerLoss = (bytes) => (word() % 40 === 0 ? word() % (bytes + 1) : undefined);
      try {
        await step(journal, word);
        acknowledged = summary(journal);
      } catch (error) {
        assert.ok(error instanceof PowerLoss, String(error));
        losses += 1;
        store.powerLoss = () => undefined;
        const before: unknown = JSON.parse(acknowledged);
        journal = await opened(store);
        assertBetween(before, JSON.parse(summary(journal)));
        acknowledged = summary(journal);
      }
    }
  }
  assert.ok(losses > 100, `${losses} losses`);
});

/** Nothing that was acknowledged may be lost: what differs was being touched, and is dirty or done since. */
function assertBetween(before: unknown, after: unknown): void {
  assert.ok(Array.isArray(before) && Array.isArray(after));
  assert.ok(after[1] >= before[1]);
  assert.ok(after[2] || !before[2]);
  const samePass = JSON.stringify(before[0]) === JSON.stringify(after[0]);
  for (const [block, old] of before[3].entries()) {
    const now: string = after[3][block];
    if (!samePass) assert.equal(now, old.replace('done', 'untouched'));
    else assert.ok(now === old || now === '?' || old === '?' || now.startsWith('done'), `block ${block}: ${old} became ${now}`);
  }
}
