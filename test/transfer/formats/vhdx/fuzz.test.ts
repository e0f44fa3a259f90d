/** Damaged chains with right checksums, hundreds of times from a fixed seed: each is read or refused, soon, and never with another error. */
import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { MigrationError } from '../../../../src/model/errors.ts';
import type { ImageSource } from '../../../../src/model/transfer.ts';
import { openChain } from '../../../../src/transfer/transports/file/open-chain.ts';
import { scatteredDisk } from '../../../conformance/disk-reader.ts';
import { randomWords } from '../../../demo/guest/disk.ts';
import { layerOf, MiB, type Scratch, scratch } from '../../fixture.ts';
import { blocksOf, changedBlocks } from './disks.ts';
import { soil } from './log-writer.ts';
import { guidOf, sign, type VhdxPlaces, writeAt, writeVhdx } from './vhdx-writer.ts';

const KiB = 1024;
const SIZE = 4 * MiB;
const TURNS = 500;
/** One case; a sound one takes a few milliseconds. */
const LONGEST_MS = 5000;
const signal = new AbortController().signal;

let place: Scratch;
let source: ImageSource;
let places: VhdxPlaces;
before(async () => {
  place = await scratch();
  const base = scatteredDisk(SIZE, 1).content;
  const top = scatteredDisk(SIZE, 2).content;
  await writeVhdx(place.path('base.vhdx'), {
    capacity: SIZE,
    blockSize: MiB,
    blocks: blocksOf(base, MiB),
    dataWriteGuid: guidOf('base'),
  });
  places = await writeVhdx(place.path('top.avhdx'), {
    capacity: SIZE,
    blockSize: MiB,
    blocks: changedBlocks(base, top, { blockSize: MiB }),
    parent: { linkage: guidOf('base'), path: 'base.vhdx' },
  });
  const table = Buffer.alloc(4 * KiB);
  await using file = await open(place.path('top.avhdx'));
  await file.read(table, 0, table.length, places.bat);
  await soil(place.path('top.avhdx'), {
    log: places.log,
    dataWriteGuid: guidOf('top'),
    entries: [
      {
        at: 0,
        sequence: 1,
        tail: 0,
        changes: [
          { at: places.bat, content: table },
          { at: 2 ** 20, length: 0 },
        ],
      },
    ],
  });
  const layers = [await layerOf(place.path('top.avhdx'), 'vhdx'), await layerOf(place.path('base.vhdx'), 'vhdx')] as const;
  source = { kind: 'image', layers, capacity: SIZE };
});
after(() => place[Symbol.asyncDispose]());

/** A structure: where it is, how long, and how much of it says something. */
interface Spot {
  readonly at: number;
  readonly length: number;
  readonly used: number;
  readonly signed: boolean;
}

const BYTES = [0x00, 0x01, 0x06, 0x07, 0x7f, 0x80, 0xff];

/** Opens, looks for what is allocated, and reads both ends. */
async function read(): Promise<void> {
  const reader = await openChain(source, signal);
  assert.ok(reader !== undefined);
  try {
    for await (const _ of reader.allocated(signal)) {
      // Counting is the work.
    }
    const into = new Uint8Array(MiB);
    for (const at of [0, MiB + 512, SIZE - MiB]) await reader.read(at, into, signal);
  } finally {
    await reader[Symbol.asyncDispose]();
  }
}

test('every damaged chain is read or refused', async () => {
  await read();
  const next = randomWords(0xbad);
  const spots: readonly Spot[] = [
    { at: 64 * KiB, length: 4 * KiB, used: 80, signed: true },
    { at: 192 * KiB, length: 64 * KiB, used: 80, signed: true },
    { at: places.metadata, length: 64 * KiB, used: 224, signed: false },
    { at: places.metadata + 64 * KiB, length: 4 * KiB, used: 160, signed: false },
    { at: places.bat, length: 4 * KiB, used: 32, signed: false },
    { at: places.bat + 4096 * 8, length: 4 * KiB, used: 8, signed: false },
    { at: places.bitmaps.get(0) ?? 0, length: 4 * KiB, used: 1024, signed: false },
    { at: places.log, length: 8 * KiB, used: 140, signed: true },
  ];
  await using file = await open(place.path('top.avhdx'), 'r+');
  let refused = 0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const spot = spots[next() % spots.length];
    assert.ok(spot !== undefined);
    const original = await damage(file, spot, next);
    const started = performance.now();
    try {
      await read();
    } catch (error) {
      assert.ok(error instanceof MigrationError, `turn ${turn}: ${error instanceof Error ? error.stack : String(error)}`);
      refused += 1;
    }
    assert.ok(performance.now() - started < LONGEST_MS, `turn ${turn} took too long`);
    await writeAt(file, spot.at, original);
  }
  assert.ok(refused > TURNS / 10 && refused < TURNS, `${refused} of ${TURNS} were refused`);
});

/** Fills a few bytes of a structure and puts its checksum right; returns what was there. */
async function damage(file: FileHandle, { at, length, used, signed }: Spot, next: () => number): Promise<Buffer> {
  const original = Buffer.alloc(length);
  await file.read(original, 0, length, at);
  const bad = Buffer.from(original);
  for (let count = 1 + (next() % 3); count > 0; count -= 1) {
    const from = next() % used;
    bad.fill(BYTES[next() % BYTES.length] ?? next() % 256, from, Math.min(used, from + 1 + (next() % 6)));
  }
  await writeAt(file, at, signed ? sign(bad) : bad);
  return original;
}
