import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../../../src/model/errors.ts';
import type { Extent } from '../../../../src/model/transfer.ts';
import { allocatedExtents } from '../../../../src/transfer/transports/range/allocated.ts';
import { accessTo, live, TRACKED, trackingOf } from './fixture.ts';

const CAPACITY = 1000;

async function allocated(extents: Iterable<Extent> | AsyncIterable<Extent> | undefined) {
  const access = { ...accessTo({ trust: {} }), ...(extents !== undefined && { changes: trackingOf(extents) }) };
  const unknown: string[] = [];
  const onUnknown = (because: string): void => {
    unknown.push(because);
  };
  const found = await Array.fromAsync(allocatedExtents({ capacity: CAPACITY, tracking: TRACKED, access, onUnknown }, live()));
  return { found: found.map(({ offset, length }) => [offset, length]), unknown };
}

function extents(...pairs: readonly (readonly [number, number])[]): Extent[] {
  return pairs.map(([offset, length]) => ({ offset, length }));
}

test('extents that touch or overlap become one', async () => {
  const { found } = await allocated(extents([0, 10], [10, 10], [15, 30], [15, 2], [100, 1]));
  assert.deepEqual(found, [
    [0, 45],
    [100, 1],
  ]);
});

test('what lies beyond the disk is left out, and an endless list ends there', async () => {
  const endless = (function* () {
    for (let offset = 400; ; offset += 500) yield { offset, length: 200 };
  })();
  const { found } = await allocated(endless);
  assert.deepEqual(found, [
    [400, 200],
    [900, 100],
  ]);
});

test('a disk without data has no extents', async () => {
  assert.deepEqual(await allocated([]), { found: [], unknown: [] });
});

test('a disk that nobody tracks is allocated everywhere, and the reason is told', async () => {
  const { found, unknown } = await allocated(undefined);
  assert.deepEqual(found, [[0, CAPACITY]]);
  assert.equal(unknown.length, 1);
});

test('a tracking that gives up in the middle leaves nothing out', async () => {
  const { found, unknown } = await allocated(
    (async function* () {
      yield* extents([0, 10], [20, 10]);
      throw new MigrationError('change-tracking-unavailable', 'Nobody counts.');
    })(),
  );
  assert.deepEqual(found, [
    [0, 10],
    [20, 980],
  ]);
  assert.deepEqual(unknown, ['Nobody counts.']);
});

test('other troubles of the tracking are not taken for an empty disk', async () => {
  const failing = (async function* () {
    yield* extents([0, 10]);
    throw new MigrationError('source-unreachable', 'Gone.');
  })();
  await assert.rejects(allocated(failing), { code: 'source-unreachable' });
});

for (const [what, list] of [
  ['out of order', extents([50, 10], [20, 10])],
  ['without length', extents([0, 0])],
  ['with a negative length', extents([10, -5])],
  ['before the disk', extents([-1, 5])],
  ['between bytes', extents([0.5, 1])],
] as const) {
  test(`extents ${what} are refused`, () => assert.rejects(allocated(list), { code: 'source-answer-broken' }));
}
