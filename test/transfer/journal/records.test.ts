import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRecord, GROUP, type JournalRecord, readRecords, VERSION } from '../../../src/transfer/journal/records.ts';
import { noise } from '../fixture.ts';

const RECORDS: readonly JournalRecord[] = [
  {
    type: 'header',
    version: VERSION,
    size: 2 ** 46,
    blockSize: 2 ** 20,
    identity: noise('identity', 32),
    passes: 3,
    together: 1,
  },
  { type: 'begun', pass: { id: 'Überprüfung 52 6c/7', kind: 'delta' } },
  { type: 'blanked' },
  { type: 'closed' },
  { type: 'opened' },
  { type: 'intended', from: 7, to: 2 ** 26 },
  { type: 'done', from: 9, digests: noise('digests', GROUP * 32) },
  { type: 'zeros', from: 0, to: 1 },
  {
    type: 'blocks',
    from: 8,
    to: 19,
    done: Buffer.from([0x81, 0x02]),
    dirty: Buffer.from([0x02, 0]),
    data: Buffer.from([0x81, 0x02]),
    digests: noise('three', 96),
  },
  { type: 'proven', from: 4096, blocks: Buffer.from([0x11, 0, 0x80]) },
  { type: 'ended' },
];

function encoded(records: readonly JournalRecord[]): Buffer {
  let crc = 0;
  return Buffer.concat(
    records.map((record) => {
      const next = encodeRecord(record, crc);
      crc = next.crc;
      return next.bytes;
    }),
  );
}

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function decoded(chunks: AsyncIterable<Uint8Array>): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const { record } of readRecords(chunks)) records.push(record);
  return records;
}

test('every kind of record comes back as it was, however its bytes arrive', async () => {
  const bytes = encoded(RECORDS);
  for (const length of [997, 65_536, bytes.length]) assert.deepEqual(plain(await decoded(pieces(bytes, length))), plain(RECORDS));
});

test('a record counts only behind those that it was written behind', async () => {
  const [first, second, third] = RECORDS;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const whole = encoded([first, second, third]);
  const stale = whole.subarray(encoded([first, second]).length);
  assert.deepEqual((await decoded(pieces(whole, 100))).length, 3);
  assert.deepEqual((await decoded(pieces(Buffer.concat([encoded([first]), stale]), 100))).length, 1);
});

test('what is longer than any record is not waited for', async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<Uint8Array, void> {
    yield Buffer.from([0xff, 0xff, 0xff, 0x7f]);
    for (; asked < 1000; asked += 1) yield Buffer.alloc(1024);
  }
  const before = process.memoryUsage().arrayBuffers;
  assert.deepEqual(await decoded(endless()), []);
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
});

test('the id of a pass is bounded', () => {
  assert.throws(() => encodeRecord({ type: 'begun', pass: { id: 'x'.repeat(4097), kind: 'full' } }, 0), RangeError);
});

/** Buffers and arrays of the same bytes are the same. */
function plain(records: readonly JournalRecord[]): unknown {
  return JSON.parse(JSON.stringify(records, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)));
}
