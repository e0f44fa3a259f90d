/** Logs that were not replayed. qemu-img is the judge: it replays them in a copy (`check -r all`) before it reads. */
import assert from 'node:assert/strict';
import { copyFile, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { after, before, beforeEach, test } from 'node:test';
import type { ImageSource } from '../../../../src/model/transfer.ts';
import { openChain } from '../../../../src/transfer/transports/file/open-chain.ts';
import { scatteredDisk } from '../../../conformance/disk-reader.ts';
import { assertSameDisk, copy, fails, jobTo, layerOf, MiB, run, type Scratch, scratch } from '../../fixture.ts';
import { blocksOf } from './disks.ts';
import { entryLength, type PlannedChange, type PlannedEntry, soil } from './log-writer.ts';
import { guidOf, LOG_LENGTH, type VhdxPlaces, writeAt, writeVhdx } from './vhdx-writer.ts';

const SECTOR = 4096;
const SIZE = 16 * MiB;

let place: Scratch;
let places: VhdxPlaces;
const { content } = scatteredDisk(SIZE, 5);
before(async () => {
  place = await scratch();
  await writeFile(place.path('disk.raw'), content);
});
after(() => place[Symbol.asyncDispose]());

/** The whole table fits into one sector; in its place stands what it was when the file was empty. */
let table: Buffer;
beforeEach(async () => {
  places = await writeVhdx(path(), { capacity: SIZE, blockSize: MiB, blocks: blocksOf(content, MiB), dataWriteGuid: GUID });
  await using file = await open(path(), 'r+');
  table = Buffer.alloc(SECTOR);
  await file.read(table, 0, SECTOR, places.bat);
  await writeAt(file, places.bat, Buffer.alloc(SECTOR));
});

const GUID = guidOf('dirty');

function path(): string {
  return place.path('dirty.vhdx');
}

/** Entries that follow each other in the log, whose oldest is the first one. */
function inSequence(
  first: { readonly at: number; readonly sequence: number },
  steps: readonly PlannedChange[][],
): PlannedEntry[] {
  let { at, sequence } = first;
  return steps.map((changes) => {
    const entry = { at, sequence, tail: first.at, changes };
    at = (at + entryLength(changes)) % LOG_LENGTH;
    sequence += 1;
    return entry;
  });
}

async function dirty(entries: readonly PlannedEntry[]): Promise<void> {
  await soil(path(), { log: places.log, dataWriteGuid: GUID, entries });
}

/** What we read, against the disk that it was made of and against what qemu-img makes of it. */
async function assertReplayed(): Promise<void> {
  const before = await readFile(path());
  await assertRead(content);
  assert.ok((await readFile(path())).equals(before), 'the source was written to');
  await copyFile(path(), place.path('judged.vhdx'));
  await run('qemu-img', 'check', '-r', 'all', place.path('judged.vhdx'));
  await assertSameDisk(place.path('out.raw'), place.path('judged.vhdx'), 'vhdx');
}

async function assertRead(expected: Buffer): Promise<void> {
  await rm(place.path('out.raw'), { force: true });
  await copy(jobTo(place.path('out.raw'), await source()));
  assert.ok((await readFile(place.path('out.raw'))).equals(expected), 'the disk differs');
}

async function source(): Promise<ImageSource> {
  return { kind: 'image', layers: [await layerOf(path(), 'vhdx')], capacity: SIZE };
}

async function refused(code: string, text?: RegExp): Promise<void> {
  await fails(openChain(await source(), new AbortController().signal), code, text);
}

test('a change that is only in the log is read as if it were in place', async () => {
  await dirty(inSequence({ at: 0, sequence: 3 }, [[{ at: places.bat, content: table }]]));
  await assertReplayed();
});

test('of several entries the last one counts, and one that is torn does not', async () => {
  const wrong = Buffer.alloc(SECTOR, 0x11);
  const entries = inSequence({ at: 64 * 1024, sequence: 9 }, [
    [{ at: places.bat, content: wrong }],
    [
      { at: places.bat + SECTOR, content: wrong },
      { at: places.bat, content: table },
    ],
    [{ at: places.bat + SECTOR, length: 2 * SECTOR }],
    [{ at: places.bat, content: wrong }],
  ]);
  await dirty(entries.map((entry, index) => (index === 3 ? { ...entry, torn: true } : entry)));
  await assertReplayed();
});

test('entries go on at the beginning of the log', async () => {
  const change = { at: places.bat, content: table };
  const rubbish = { at: places.bat, content: Buffer.alloc(SECTOR, 0x22) };
  await dirty(inSequence({ at: LOG_LENGTH - 3 * SECTOR, sequence: 2 ** 32 - 1 }, [[rubbish], [change]]));
  await assertReplayed();
  // One more, which stands before its tail: qemu 7.2 takes it for a whole sequence and loses the others.
  await dirty(inSequence({ at: LOG_LENGTH - 3 * SECTOR, sequence: 2 ** 32 - 1 }, [[rubbish], [change], []]));
  await assertRead(content);
});

test('entries of another session, and older ones that still lie there, change nothing', async () => {
  const rubbish = { at: places.bat, content: Buffer.alloc(SECTOR, 0x33) };
  await dirty([
    { at: 0, sequence: 50, tail: 0, changes: [rubbish], logGuid: guidOf('other') },
    { at: 8 * SECTOR, sequence: 4, tail: 8 * SECTOR, changes: [rubbish] },
    { at: 16 * SECTOR, sequence: 30, tail: 16 * SECTOR, changes: [{ at: places.bat, content: table }] },
  ]);
  await assertReplayed();
});

test('entries before the tail of the newest one are in place already and are not replayed', async () => {
  const [done, open_] = inSequence({ at: 0, sequence: 7 }, [
    [{ at: places.blocks.get(0) ?? 0, content: Buffer.alloc(SECTOR, 0x44) }],
    [{ at: places.bat, content: table }],
  ]);
  assert.ok(done !== undefined && open_ !== undefined);
  await dirty([done, { ...open_, tail: open_.at }]);
  await assertRead(content);
});

test('a descriptor of zeros empties a table that is rubbish', async () => {
  await using file = await open(path(), 'r+');
  await writeAt(file, places.bat, Buffer.alloc(MiB, 0x77));
  await dirty(inSequence({ at: 0, sequence: 1 }, [[{ at: places.bat, length: MiB }], [{ at: places.bat, content: table }]]));
  await assertReplayed();
});

test('a file that was not lengthened yet reads as if it were', async () => {
  // The block that stands last in the file is empty here, and the file ends before it.
  const [last] = [...places.blocks].toSorted(([, a], [, b]) => b - a);
  assert.ok(last !== undefined && last[1] + MiB === places.size);
  await truncate(path(), places.size - MiB);
  await dirty(
    inSequence({ at: 0, sequence: 1 }, [[{ at: places.bat, content: table }]]).map((entry) => ({
      ...entry,
      lastSize: places.size,
    })),
  );
  const expected = Buffer.from(content);
  expected.fill(0, last[0] * MiB, (last[0] + 1) * MiB);
  await assertRead(expected);
});

test('a file that lost its end after the log was written is refused', async () => {
  await dirty(
    inSequence({ at: 0, sequence: 1 }, [[{ at: places.bat, content: table }]]).map((entry) => ({
      ...entry,
      flushedSize: places.size + MiB,
    })),
  );
  await refused('image-truncated', /log/);
});

test('a log without a whole entry is refused: a session begins with one', async () => {
  await dirty([{ at: 0, sequence: 1, tail: 0, changes: [{ at: places.bat, content: table }], torn: true }]);
  await refused('image-malformed', /no whole entry/);
});

test('entries that lie over one another end the search soon', async () => {
  const entries = Array.from({ length: 255 }, (_, index): PlannedEntry => {
    return { at: index * SECTOR, sequence: 1, tail: 0, changes: [] };
  });
  await dirty(entries);
  await using file = await open(path(), 'r+');
  for (const { at } of entries) await writeAt(file, places.log + at + 8, Buffer.from([0, 0, 0x10, 0]));
  await refused('image-malformed', /over one another/);
});
