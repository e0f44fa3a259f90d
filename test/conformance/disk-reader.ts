/**
 * What every reader of disks must do, wherever the bytes come from. A reader's test calls `describeDiskReader` with a way to open a disk
 * of known content; everything here goes through the contract (src/transfer/transports/reader.ts). `scatteredDisk` makes such content.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import type { Extent } from '../../src/model/transfer.ts';
import { KiB } from '../../src/model/units.ts';
import type { DiskReader } from '../../src/transfer/transports/reader.ts';
import { randomWords } from '../demo/guest/disk.ts';

export interface DiskReaderSetup {
  /** Disposed of by the suite. */
  readonly reader: DiskReader;
  /** What the guest sees, byte for byte. */
  readonly content: Uint8Array;
  /** Where the source knows what is allocated: bytes that `allocated` names at most, because its blocks are coarse. */
  readonly mostAllocated?: number;
}

const CANCEL_MS = 1_000;
const RANDOM_READS = 60;

/** Registers the suite. `setup` is called once for each test and cleans up through `t.after`. */
export function describeDiskReader(name: string, setup: (t: TestContext) => Promise<DiskReaderSetup> | DiskReaderSetup): void {
  describe(`${name} keeps the contract of a disk reader`, () => {
    function provide(sentence: string, body: (given: DiskReaderSetup) => Promise<void>): void {
      test(sentence, async (t) => {
        const given = await setup(t);
        try {
          await body(given);
        } finally {
          await given.reader[Symbol.asyncDispose]();
        }
      });
    }

    provide('it tells the size of the disk, how it reads and how much at once', async ({ reader, content }) => {
      assert.equal(reader.size, content.length);
      assert.match(reader.transport, /^[a-z][a-z-]*: \S/);
      assert.ok(Number.isSafeInteger(reader.lanes) && reader.lanes >= 1);
      assert.ok(reader.largestRead >= 64 * KiB && reader.largestRead % (4 * KiB) === 0);
    });

    provide('the whole disk is what the guest sees', async ({ reader, content }) => {
      const pieces = cut({ offset: 0, length: content.length }, reader.largestRead);
      assert.ok(sameBytes(await readSideBySide(reader, pieces, content.length), content));
      assert.ok(Number.isSafeInteger(reader.lanes) && reader.lanes >= 1);
    });

    provide(
      'allocated extents are in order, apart, on the disk, and hold all data',
      async ({ reader, content, mostAllocated }) => {
        const extents = await Array.fromAsync(reader.allocated(live()));
        let [end, total] = [-1, 0];
        for (const { offset, length } of extents) {
          assert.ok(length > 0 && offset > end, `an extent at ${offset} follows one that ends at ${end}`);
          end = offset + length;
          total += length;
        }
        assert.ok(end <= content.length);
        if (mostAllocated !== undefined) assert.ok(total <= mostAllocated, `${total} bytes are named as allocated`);
        const pieces = extents.flatMap((extent) => cut(extent, reader.largestRead));
        assert.ok(sameBytes(await readSideBySide(reader, pieces, content.length), content), 'data lies outside of the extents');
      },
    );

    provide('allocated extents can be asked for again, and be left early', async ({ reader }) => {
      for await (const _ of reader.allocated(live())) break;
      const once = await Array.fromAsync(reader.allocated(live()));
      assert.deepEqual(await Array.fromAsync(reader.allocated(live())), once);
    });

    provide('reads of any length at any byte give exactly those bytes', async ({ reader, content }) => {
      const next = randomWords(0x7ead);
      const reads = Array.from({ length: RANDOM_READS }, () => {
        const length = 1 + (next() % Math.min(reader.largestRead, content.length, 300_000));
        return { offset: next() % (content.length - length + 1), length };
      });
      reads.push({ offset: 0, length: 1 }, { offset: content.length - 1, length: 1 });
      await Promise.all(reads.map((read) => assertRead({ reader, content }, read)));
    });

    provide('more reads at once than it has lanes only wait', async ({ reader, content }) => {
      const length = 512;
      const count = 4 * reader.lanes + 8;
      const step = Math.floor((content.length - length) / count);
      const reads = Array.from({ length: count }, (_, index) => ({ offset: index * step, length }));
      await Promise.all(reads.map((read) => assertRead({ reader, content }, read)));
    });

    provide('bytes beside the buffer stay as they are', async ({ reader, content }) => {
      const around = new Uint8Array(12 * KiB).fill(0xa5);
      await reader.read(0, around.subarray(4 * KiB, 8 * KiB), live());
      assert.ok(sameBytes(around.subarray(4 * KiB, 8 * KiB), content.subarray(0, 4 * KiB)));
      for (const beside of [around.subarray(0, 4 * KiB), around.subarray(8 * KiB)])
        assert.ok(beside.every((byte) => byte === 0xa5));
    });

    provide('bytes that the disk does not have are a mistake of the caller', async ({ reader, content }) => {
      const into = new Uint8Array(512);
      for (const offset of [content.length, content.length - 511, -1, 0.5, Number.NaN]) {
        await assert.rejects(reader.read(offset, into, live()), RangeError, `offset ${offset}`);
      }
      await assertRead({ reader, content }, { offset: content.length - 512, length: 512 });
    });

    provide('a canceled read ends at once and harms no other', async ({ reader, content }) => {
      const before = AbortSignal.abort(new Error('enough'));
      await assertCanceled(reader.read(0, new Uint8Array(512), before));
      await assertCanceled(Array.fromAsync(reader.allocated(before)));
      const cancel = new AbortController();
      const length = Math.min(reader.largestRead, content.length);
      const reads = Array.from({ length: reader.lanes + 2 }, () => reader.read(0, new Uint8Array(length), cancel.signal));
      const other = assertRead({ reader, content }, { offset: 0, length });
      cancel.abort(new Error('enough'));
      const aborted = performance.now();
      const outcomes = await Promise.allSettled(reads);
      assert.ok(performance.now() - aborted < CANCEL_MS);
      for (const outcome of outcomes) if (outcome.status === 'rejected') assertIsCanceled(outcome.reason);
      await other;
      await assertRead({ reader, content }, { offset: 0, length });
    });

    provide('a reader that was disposed of leaves nobody waiting and reads no more', async ({ reader, content }) => {
      const length = Math.min(reader.largestRead, content.length);
      const reads = Array.from({ length: 3 }, () => reader.read(0, new Uint8Array(length), live()));
      const settled = Promise.allSettled(reads);
      await reader[Symbol.asyncDispose]();
      await settled;
      await reader[Symbol.asyncDispose]();
      await assert.rejects(reader.read(0, new Uint8Array(512), live()));
    });
  });
}

export interface ScatteredDisk {
  readonly content: Buffer<ArrayBuffer>;
  /** Where data was written: ascending, apart from each other. Everything else is zeros. */
  readonly data: readonly Extent[];
}

/**
 * A disk with runs of data of different lengths all over it, the first and the last sector among them, and zeros for more than half of it.
 * @param size bytes, a multiple of 512, ≥ 64 KiB
 */
export function scatteredDisk(size: number, seed = 1): ScatteredDisk {
  const next = randomWords(seed);
  const content = Buffer.alloc(size);
  const data: Extent[] = [];
  for (let at = 0; at < size; ) {
    const length = Math.min(512 * (1 + (next() % 200)), size - at);
    for (let word = at; word < at + length; word += 4) content.writeUInt32LE(next(), word);
    data.push({ offset: at, length });
    at += length + 512 * (1 + (next() % 400));
  }
  const last = data.at(-1);
  if (last !== undefined && last.offset + last.length < size) {
    content.fill(0x5a, size - 512);
    data.push({ offset: size - 512, length: 512 });
  }
  return { content, data };
}

function live(): AbortSignal {
  return new AbortController().signal;
}

function cut({ offset, length }: Extent, largest: number): Extent[] {
  const pieces: Extent[] = [];
  for (let at = offset; at < offset + length; at += largest) {
    pieces.push({ offset: at, length: Math.min(largest, offset + length - at) });
  }
  return pieces;
}

/** As the engine does it: as many at once as the reader likes. What is not read stays zero. */
async function readSideBySide(reader: DiskReader, pieces: readonly Extent[], size: number): Promise<Uint8Array> {
  const whole = new Uint8Array(size);
  const left = pieces.values();
  const lane = async (): Promise<void> => {
    for (const { offset, length } of left) await reader.read(offset, whole.subarray(offset, offset + length), live());
  };
  await Promise.all(Array.from({ length: reader.lanes }, lane));
  return whole;
}

async function assertRead(
  { reader, content }: Pick<DiskReaderSetup, 'reader' | 'content'>,
  { offset, length }: Extent,
): Promise<void> {
  const into = new Uint8Array(length).fill(0xee);
  await reader.read(offset, into, live());
  assert.ok(sameBytes(into, content.subarray(offset, offset + length)), `bytes ${offset}+${length} differ`);
}

async function assertCanceled(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assertIsCanceled(error);
    return true;
  });
}

function assertIsCanceled(error: unknown): void {
  assert.ok(error instanceof MigrationError && error.code === 'canceled', String(error));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
