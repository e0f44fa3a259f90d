import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Extent } from '../../../src/model/transfer.ts';
import { BlockWorkers } from '../../../src/transfer/blocks/workers.ts';
import { BufferPool } from '../../../src/transfer/engine/buffers.ts';
import { type Cells, collectCells } from '../../../src/transfer/engine/cells.ts';
import { copyPass } from '../../../src/transfer/engine/copy-pass.ts';
import { type PassPlan, planPass } from '../../../src/transfer/engine/plan.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import type { TargetJournal } from '../../../src/transfer/journal/journal.ts';
import { BlockHashes } from '../../../src/transfer/proof/block-hashes.ts';
import { CellFile, type KnownCells } from '../../../src/transfer/proof/cell-file.ts';
import { BLOCK, blockHash, hashCells } from '../../../src/transfer/proof/cell-hashes.ts';
import { seededWords } from '../../fakes/seeded.ts';
import { fails, scratch } from '../fixture.ts';
import { MemoryStore, PowerLoss } from '../journal/memory-store.ts';
import { changeAt, KiB, MemoryReader, MemoryWriter, seededDisk } from './memory-disk.ts';

const never = new AbortController().signal;
const workers = new BlockWorkers({ threads: 1 });
let lease: AsyncDisposable;

before(() => {
  lease = workers.lease();
});

after(async () => {
  await lease[Symbol.asyncDispose]();
});

interface Copying {
  readonly reader: MemoryReader;
  readonly writer: MemoryWriter;
  readonly journal: TargetJournal;
  readonly signal?: AbortSignal;
  readonly buffers?: BufferPool;
  readonly known?: KnownCells | undefined;
}

async function* list(extents: readonly Extent[]): AsyncGenerator<Extent> {
  yield* extents;
}

/** Copies what is allocated, or applies a delta; returns bytes that were told as progress. */
async function copy(kind: PassPlan['kind'], copying: Copying, changed?: readonly Extent[]): Promise<number> {
  const { reader, writer, journal, known, signal = never, buffers = new BufferPool() } = copying;
  const cells: Cells = await collectCells(changed === undefined ? reader.allocated() : list(changed), reader.size, never);
  let told = 0;
  const onBytes = (bytes: number): void => {
    told += bytes;
  };
  const plan = planPass({ size: reader.size, cells, kind, blank: writer.blank, journal, onDone: onBytes });
  await copyPass(plan, { reader, writer, journal, known, buffers, workers, signal, onBytes });
  assert.equal(told, cells.bytes, 'progress ends at its total');
  return told;
}

async function begun(store: MemoryStore, size: number, id = 'first'): Promise<TargetJournal> {
  const journal = await openJournal({ store, size, identity: 'disk' });
  await journal.begin({ id, kind: id === 'first' ? 'full' : 'delta' });
  return journal;
}

function rootOf(content: Buffer): string {
  const hashes = new BlockHashes(content.length);
  for (let index = 0; index < hashes.count; index += 1) {
    hashes.set(index, blockHash(hashCells(content.subarray(index * BLOCK, (index + 1) * BLOCK))));
  }
  return hashes.root();
}

function assertCopied({ reader, writer, journal }: Copying): void {
  assert.ok(writer.content.equals(reader.content), 'the target holds what the source holds');
  assert.equal(journal.hashes.root(), rootOf(reader.content), 'and the journal knows it');
}

const SEEDS = Array.from({ length: 25 }, (_, seed) => seed + 1);
/** Not a multiple of a block, nor of a sector. */
const SIZE = 9 * BLOCK + 700_001;

for (const seed of SEEDS.slice(0, 8)) {
  test(`any disk arrives whole on a blank target and on one that held something else (seed ${seed})`, async () => {
    const random = seededWords(seed);
    const reader = new MemoryReader(seededDisk(SIZE, random, 0.4));
    reader.lanes = 1 + (random() % 8);
    const rubbish = Buffer.alloc(SIZE, 'rubbish');
    for (const writer of [new MemoryWriter(Buffer.alloc(SIZE)), new MemoryWriter(rubbish, { blank: false })]) {
      const journal = await begun(new MemoryStore(), SIZE);
      await copy('first', { reader, writer, journal });
      await journal.end(() => writer.sync());
      assertCopied({ reader, writer, journal });
    }
  });
}

test('zeros are left out of a blank target and only allocated cells are read', async () => {
  const content = Buffer.alloc(8 * BLOCK);
  content.fill('data', 5 * BLOCK + 64 * KiB, 5 * BLOCK + 128 * KiB);
  const reader = new MemoryReader(content, [{ offset: 5 * BLOCK, length: BLOCK }]);
  const writer = new MemoryWriter(Buffer.alloc(content.length));
  const journal = await begun(new MemoryStore(), content.length);
  await copy('first', { reader, writer, journal });
  await journal.end(() => writer.sync());
  assertCopied({ reader, writer, journal });
  assert.equal(reader.bytesRead, BLOCK);
  assert.equal(writer.written, 64 * KiB);
});

for (const seed of SEEDS) {
  test(`power that fails anywhere costs nothing that was committed, in a copy and in a delta (seed ${seed})`, async () => {
    const random = seededWords(seed);
    const reader = new MemoryReader(seededDisk(SIZE, random, 0.5));
    const store = new MemoryStore();
    let writer = new MemoryWriter(Buffer.alloc(SIZE));
    await using place = await scratch();
    const attempt = async (kind: 'first' | 'delta', changed?: readonly Extent[]): Promise<boolean> => {
      const journal = await openJournal({ store, size: SIZE, identity: 'disk' });
      // What it says is as old as it happens to be.
      await using known = seed % 2 === 0 && random() % 4 > 0 ? await CellFile.open(place.path('cells'), SIZE) : undefined;
      let left = 1 + (random() % 12);
      store.powerLoss = (bytes) => {
        left -= 1;
        return left === 0 ? random() % (bytes + 1) : undefined;
      };
      const writesLeft = random() % 2 === 0 ? random() % 12 : Number.POSITIVE_INFINITY;
      let writes = 0;
      writer.onWrite = () => {
        writes += 1;
        if (writes > writesLeft) throw new PowerLoss();
      };
      try {
        await journal.begin({ id: kind, kind: kind === 'first' ? 'full' : 'delta' });
        const done = Array.from({ length: journal.hashes.count }, (_, index) => journal.stateOf(index) === 'done');
        const before = reader.reads.length;
        await copy(kind, { reader, writer, journal, known }, changed);
        const again = reader.reads.slice(before).some(({ offset }) => done[Math.floor(offset / BLOCK)]);
        assert.ok(!again, 'what was done is not read again');
        await journal.end(() => writer.sync());
        assertCopied({ reader, writer, journal });
        return true;
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error;
        writer = new MemoryWriter(writer.lose(random));
        return false;
      }
    };
    while (!(await attempt('first')));
    const changed = Array.from({ length: 12 }, () => changeAt(reader.content, random));
    while (!(await attempt('delta', changed)));
  });
}

test('a delta reads what changed, in cells of 64 KiB, and writes zeros where the source became zero', async () => {
  const random = seededWords(7);
  const reader = new MemoryReader(seededDisk(SIZE, random, 0.5));
  const writer = new MemoryWriter(Buffer.alloc(SIZE));
  const store = new MemoryStore();
  const journal = await begun(store, SIZE);
  await copy('first', { reader, writer, journal });
  await journal.end(() => writer.sync());
  reader.reads.length = 0;
  writer.written = 0;
  reader.content.fill(0, 2 * BLOCK, 3 * BLOCK + 5);
  reader.content.fill('new', 6 * BLOCK - 10, 6 * BLOCK + 10);
  const changed = [
    { offset: 6 * BLOCK - 10, length: 20 },
    { offset: 2 * BLOCK, length: BLOCK + 5 },
    { offset: 2 * BLOCK + 1000, length: 5 },
  ];
  await journal.begin({ id: 'delta', kind: 'delta' });
  await copy('delta', { reader, writer, journal }, changed);
  await journal.end(() => writer.sync());
  assertCopied({ reader, writer, journal });
  assert.equal(reader.bytesRead, BLOCK + 3 * 64 * KiB);
  assert.equal(writer.written, reader.bytesRead);
  assert.equal(journal.passes, 2);
});

test('a delta reads nothing back of blocks whose cells an earlier pass has kept, and all of one whose cells are lost', async () => {
  await using place = await scratch();
  const random = seededWords(8);
  const reader = new MemoryReader(seededDisk(SIZE, random, 0.7));
  const writer = new MemoryWriter(Buffer.alloc(SIZE));
  const journal = await begun(new MemoryStore(), SIZE);
  {
    await using known = await CellFile.open(place.path('cells'), SIZE);
    await copy('first', { reader, writer, journal, known });
    await journal.end(() => writer.sync());
  }
  for (const pass of [1, 2, 3]) {
    await using known = await CellFile.open(place.path('cells'), SIZE);
    const changed = Array.from({ length: 9 }, () => changeAt(reader.content, random));
    await journal.begin({ id: `delta ${pass}`, kind: 'delta' });
    await copy('delta', { reader, writer, journal, known }, changed);
    await journal.end(() => writer.sync());
    assertCopied({ reader, writer, journal });
  }
  assert.equal(writer.bytesRead, 0);
  await rm(place.path('cells'));
  await using known = await CellFile.open(place.path('cells'), SIZE);
  for (const read of [BLOCK, 0]) {
    writer.bytesRead = 0;
    reader.content.write(`changed, ${read} bytes read`, 5 * BLOCK);
    await journal.begin({ id: `delta, ${read}`, kind: 'delta' });
    await copy('delta', { reader, writer, journal, known }, [{ offset: 5 * BLOCK, length: 30 }]);
    await journal.end(() => writer.sync());
    assertCopied({ reader, writer, journal });
    assert.equal(writer.bytesRead, read);
  }
});

test('a block of the target that is not what the journal says is read as a whole by a delta', async () => {
  const random = seededWords(9);
  const reader = new MemoryReader(seededDisk(SIZE, random, 0.9));
  const writer = new MemoryWriter(Buffer.alloc(SIZE));
  const journal = await begun(new MemoryStore(), SIZE);
  await copy('first', { reader, writer, journal });
  await journal.end(() => writer.sync());
  writer.content.write('flipped', 4 * BLOCK + 900_000);
  reader.content.write('changed', 4 * BLOCK);
  await journal.begin({ id: 'delta', kind: 'delta' });
  await copy('delta', { reader, writer, journal }, [{ offset: 4 * BLOCK, length: 7 }]);
  await journal.end(() => writer.sync());
  assertCopied({ reader, writer, journal });
});

test('a comparison reads everything and writes only what differs', async () => {
  const random = seededWords(11);
  const reader = new MemoryReader(seededDisk(SIZE, random, 0.6));
  const writer = new MemoryWriter(Buffer.alloc(SIZE));
  const journal = await begun(new MemoryStore(), SIZE);
  await copy('first', { reader, writer, journal });
  await journal.end(() => writer.sync());
  writer.written = 0;
  reader.content.write('changed', 3 * BLOCK + 17);
  reader.content.fill(0, 7 * BLOCK, 8 * BLOCK);
  await journal.begin({ id: 'compare', kind: 'delta' });
  await copy('compare', { reader, writer, journal });
  await journal.end(() => writer.sync());
  assertCopied({ reader, writer, journal });
  assert.ok(writer.written <= 2 * BLOCK);
});

test('an error of the source is thrown as it is, and what was done until then is kept', async () => {
  const reader = new MemoryReader(seededDisk(SIZE, seededWords(3), 1.5));
  const writer = new MemoryWriter(Buffer.alloc(SIZE));
  const journal = await begun(new MemoryStore(), SIZE);
  reader.onRead = (offset) => {
    if (offset >= 8 * BLOCK) throw new MigrationError('source-read-failed', 'The source is gone.');
  };
  await fails(copy('first', { reader, writer, journal }), 'source-read-failed', /gone/);
  assert.equal(journal.stateOf(0), 'done');
});

test('a cancellation ends a pass at once, whatever is on its way', async () => {
  const reader = new MemoryReader(seededDisk(SIZE, seededWords(4), 1.5));
  const writer = new MemoryWriter(Buffer.alloc(SIZE));
  const journal = await begun(new MemoryStore(), SIZE);
  const abort = new AbortController();
  reader.onRead = (_offset, _into, count) => {
    if (count === 5) abort.abort();
  };
  await fails(copy('first', { reader, writer, journal, signal: abort.signal }), 'canceled');
  assert.ok(reader.reads.length < 16, 'hardly anything is read any more');
});

test('eight disks share one memory, and none of them starves', async () => {
  const buffers = new BufferPool(3 * 4 * BLOCK);
  let inFlight = 0;
  let most = 0;
  const disks = Array.from({ length: 8 }, (_, seed) => new MemoryReader(seededDisk(SIZE, seededWords(seed), 0.5)));
  for (const reader of disks) {
    reader.lanes = 16;
    const read = reader.read.bind(reader);
    reader.read = async (offset, into, signal) => {
      inFlight += into.length;
      most = Math.max(most, inFlight);
      await read(offset, into, signal).finally(() => {
        inFlight -= into.length;
      });
    };
  }
  await Promise.all(
    disks.map(async (reader) => {
      const writer = new MemoryWriter(Buffer.alloc(SIZE));
      const journal = await begun(new MemoryStore(), SIZE);
      await copy('first', { reader, writer, journal, buffers });
      await journal.commit(() => writer.sync());
      assertCopied({ reader, writer, journal });
    }),
  );
  assert.ok(most <= 3 * 4 * BLOCK, `${most} bytes were in flight`);
});

test('a disk without bytes is copied', async () => {
  const reader = new MemoryReader(Buffer.alloc(0));
  const writer = new MemoryWriter(Buffer.alloc(0));
  const journal = await begun(new MemoryStore(), 0);
  await copy('first', { reader, writer, journal });
  await journal.end(() => writer.sync());
  assertCopied({ reader, writer, journal });
});
