import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BlockWorkers } from '../../../src/transfer/blocks/workers.ts';
import { BufferPool } from '../../../src/transfer/engine/buffers.ts';
import { collectCells } from '../../../src/transfer/engine/cells.ts';
import { copyPass } from '../../../src/transfer/engine/copy-pass.ts';
import type { PassContext } from '../../../src/transfer/engine/pass-context.ts';
import { planPass } from '../../../src/transfer/engine/plan.ts';
import { recheck } from '../../../src/transfer/engine/recheck.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import { BLOCK } from '../../../src/transfer/proof/cell-hashes.ts';
import { seededWords } from '../../fakes/seeded.ts';
import { fails } from '../fixture.ts';
import { MemoryStore } from '../journal/memory-store.ts';
import { MemoryReader, MemoryWriter, seededDisk } from './memory-disk.ts';

const SIZE = 6 * BLOCK + 4097;
const PLACE = 3 * BLOCK + 777;
const workers = new BlockWorkers({ threads: 1 });
let lease: AsyncDisposable;

before(() => {
  lease = workers.lease();
});

after(async () => {
  await lease[Symbol.asyncDispose]();
});

/** Copies a disk from a source that gives wrong bytes in the readings that `wrong` names, counted from 1. */
async function copied(wrong: readonly number[]): Promise<PassContext & { reader: MemoryReader; writer: MemoryWriter }> {
  const { signal } = new AbortController();
  const reader = new MemoryReader(seededDisk(SIZE, seededWords(5), 2));
  let readings = 0;
  reader.onRead = (offset, into) => {
    if (offset > PLACE || offset + into.length <= PLACE) return;
    readings += 1;
    if (wrong.includes(readings)) into[PLACE - offset] = readings;
  };
  reader.content[PLACE] = 0xff;
  const writer = new MemoryWriter(Buffer.alloc(SIZE));
  const journal = await openJournal({ store: new MemoryStore(), size: SIZE, identity: 'disk' });
  await journal.begin({ id: 'a', kind: 'full' });
  const context = { reader, writer, journal, buffers: new BufferPool(), workers, signal, onBytes: () => undefined };
  const cells = await collectCells(reader.allocated(), SIZE, signal);
  await copyPass(planPass({ size: SIZE, cells, kind: 'first', blank: true, journal, onDone: () => undefined }), context);
  await journal.commit(() => writer.sync());
  return context;
}

async function rechecked(wrong: readonly number[]): Promise<number> {
  const context = await copied(wrong);
  const cells = await collectCells(context.reader.allocated(), SIZE, context.signal);
  const corrected = await recheck(cells, context);
  assert.ok(context.writer.content.equals(context.reader.content), 'the target holds what the source holds');
  return corrected;
}

test('a source that gives the same bytes twice needs no correction', async () => {
  assert.equal(await rechecked([]), 0);
});

test('a wrong byte in the first reading is caught by the second and corrected', async () => {
  assert.equal(await rechecked([1]), 1);
});

test('a wrong byte in the second reading is found to be the exception', async () => {
  assert.equal(await rechecked([2]), 0);
});

test('a source that gives three contents in three readings is an error', async () => {
  await fails(rechecked([1, 2]), 'source-read-failed', /each time/);
});

test('a block that is empty now is found, although no map speaks of it', async () => {
  const context = await copied([]);
  const none = await collectCells((async function* () {})(), SIZE, context.signal);
  context.reader.content.fill(0);
  assert.ok((await recheck(none, context)) > 0);
  assert.ok(context.writer.content.equals(context.reader.content));
});
