import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { BlockWorkers } from '../../../src/transfer/blocks/workers.ts';
import { tagOf } from '../../../src/transfer/proof/block-tags.ts';
import { blockHash, CELL, hashCells } from '../../../src/transfer/proof/cell-hashes.ts';
import { fails, MiB, rawDisk, scratch } from '../fixture.ts';

/** Worth a thread. */
const MUCH = 128 * MiB;

function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

function hashOf(block: Buffer): string {
  return blockHash(hashCells(block)).toString('hex');
}

test('more tasks than threads are answered each with its own blocks, and the threads end with the last lease', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk'), 8 * MiB, [{ offset: 0, length: 8 * MiB }]);
  await using file = await open(place.path('disk'), 'r');
  const workers = new BlockWorkers({ threads: 2 });
  const before = threads();
  await using first = workers.lease();
  const second = workers.lease();
  workers.expect(MUCH);
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, number) => {
      const index = number % 8;
      const reads = [{ fd: file.fd, at: index * MiB, length: MiB, into: 0 }];
      return workers.run({ kind: 'hash', reads, bytes: MiB, blocks: [{ index, length: MiB }] });
    }),
  );
  for (const [number, [answer]] of answers.entries()) {
    const block = Buffer.alloc(MiB);
    await file.read(block, 0, MiB, (number % 8) * MiB);
    assert.equal(answer?.index, number % 8);
    assert.equal(Buffer.from(answer?.digest ?? []).toString('hex'), hashOf(block));
  }
  await second[Symbol.asyncDispose]();
  assert.ok(threads() > before, 'a lease is still held');
  await first[Symbol.asyncDispose]();
  assert.equal(threads(), before);
});

test('what no read fills is zeros, whatever was in the buffer before', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk'), MiB, [{ offset: 0, length: MiB }]);
  await using file = await open(place.path('disk'), 'r');
  const workers = new BlockWorkers({ threads: 1 });
  await using _ = workers.lease();
  const zeros = hashOf(Buffer.alloc(MiB));
  for (let round = 0; round < 4; round += 1) {
    const reads = [{ fd: file.fd, at: 0, length: MiB, into: 0 }];
    const blocks = [{ index: 0, length: MiB }];
    const [full] = await workers.run({ kind: 'hash', reads, bytes: MiB, blocks });
    const [empty] = await workers.run({ kind: 'hash', reads: [], bytes: MiB, blocks });
    assert.notEqual(Buffer.from(full?.digest ?? []).toString('hex'), zeros);
    assert.equal(Buffer.from(empty?.digest ?? []).toString('hex'), zeros);
  }
});

test('a block with the tag that is expected has the digest that goes with it; any other one is hashed', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk'), 2 * MiB, [{ offset: 0, length: 2 * MiB }]);
  await using file = await open(place.path('disk'), 'r');
  const workers = new BlockWorkers({ threads: 1 });
  await using _ = workers.lease();
  const whole = await readFile(place.path('disk'));
  const key = createSecretKey(Buffer.alloc(16, 7));
  // Not the digest of anything, so that it can be seen where it comes from.
  const digest = new Uint8Array(32).fill(1);
  const blocks = [0, 1].map((index) => {
    return { index, length: MiB, expected: { digest, tag: Uint8Array.from(tagOf(key, whole.subarray(0, MiB))) } };
  });
  const reads = [{ fd: file.fd, at: 0, length: 2 * MiB, into: 0 }];
  const [same, other] = await workers.run({ kind: 'hash', reads, bytes: 2 * MiB, blocks, key });
  assert.deepEqual(Uint8Array.from(same?.digest ?? []), digest);
  assert.equal(Buffer.from(other?.digest ?? []).toString('hex'), hashOf(whole.subarray(MiB)));
});

test('cells of a block are compared by their tag, and without that by nothing', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk'), MiB, [{ offset: 0, length: MiB }]);
  await using file = await open(place.path('disk'), 'r');
  const workers = new BlockWorkers({ threads: 1 });
  await using _ = workers.lease();
  const block = await readFile(place.path('disk'));
  const cells = [3, 4, 9];
  const known = { ...hashCells(block), changed: cells.reduce((mask, cell) => mask | (1 << cell), 0) };
  const given = new SharedArrayBuffer(MiB);
  Buffer.from(given).set(block);
  const key = createSecretKey(Buffer.alloc(16, 7));
  const [written] = await workers.run({ kind: 'digest', given, key, blocks: [{ index: 0, at: 0, length: MiB, known }] });
  const tag = written?.tag;
  assert.ok(tag !== undefined);
  const digest = new Uint8Array(32).fill(1);
  const reads = cells.map((cell, place) => ({ fd: file.fd, at: cell * CELL, length: CELL, into: place * CELL }));
  const one = { index: 0, length: reads.length * CELL, onlyParts: true } as const;
  const read = { kind: 'hash', reads, bytes: one.length, key } as const;
  const [byTag] = await workers.run({ ...read, blocks: [{ ...one, expected: { digest, tag } }] });
  const [other] = await workers.run({ ...read, blocks: [{ ...one, expected: { digest, tag: tagOf(key, block) } }] });
  assert.deepEqual(Uint8Array.from(byTag?.digest ?? []), digest);
  assert.equal(other?.digest.length, 0);
});

test('light tasks do not start a thread each: one thread hashes faster than most links bring anything', async () => {
  const workers = new BlockWorkers({ threads: 4 });
  const before = threads();
  await using _ = workers.lease();
  workers.expect(MUCH);
  const given = new SharedArrayBuffer(1000);
  const tasks = Array.from({ length: 12 }, (__, index) =>
    workers.run({ kind: 'digest', given, blocks: [{ index, at: 0, length: 1000 }] }),
  );
  await Promise.all(tasks);
  assert.equal(threads() - before, 1);
});

test('the little that a delta brings is hashed and read back without a thread; what turns out to be more has one', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk'), MiB, [{ offset: 0, length: MiB }]);
  await using file = await open(place.path('disk'), 'r');
  const workers = new BlockWorkers({ threads: 2 });
  const before = threads();
  await using _ = workers.lease();
  workers.expect(4 * MiB);
  const reads = [{ fd: file.fd, at: 0, length: MiB, into: 0 }];
  const look = () => workers.run({ kind: 'hash', reads, bytes: MiB, blocks: [{ index: 0, length: MiB }] });
  const whole = hashOf(await readFile(place.path('disk')));
  const digests = await Promise.all(Array.from({ length: 8 }, look));
  assert.deepEqual(new Set(digests.map(([found]) => Buffer.from(found?.digest ?? []).toString('hex'))), new Set([whole]));
  assert.equal(threads(), before);
  for (let more = 0; more * MiB < MUCH; more += 1) await look();
  assert.ok(threads() > before);
});

for (const much of [0, 2 ** 40])
  test(`a failed task leaves ${much > 0 ? 'the thread' : 'the main thread'} fit for the next one`, async () => {
    await using place = await scratch();
    await rawDisk(place.path('disk'), MiB, [{ offset: 0, length: MiB }]);
    await using file = await open(place.path('disk'), 'r');
    const workers = new BlockWorkers({ threads: 1 });
    await using _ = workers.lease();
    workers.expect(much);
    const blocks = [{ index: 0, length: MiB }];
    const task = (at: number) =>
      workers.run({ kind: 'hash', reads: [{ fd: file.fd, at, length: MiB, into: 0 }], bytes: MiB, blocks });
    await fails(task(512), 'target-write-failed', /ends at byte/);
    assert.equal((await task(0)).length, 1);
  });

test('without a lease nothing runs', () => {
  assert.throws(() => new BlockWorkers().run({ kind: 'hash', reads: [], bytes: 0, blocks: [] }), /lease/);
});
