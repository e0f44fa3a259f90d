import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lanes } from '../../src/plan/lanes.ts';

test('as many transfers run at once as the plan has lanes', () => {
  const lanes = new Lanes(2, {});
  const ends = [10, 10, 10].map((seconds) => lanes.place({ seconds }).end);
  assert.deepEqual(ends, [10, 10, 20]);
});

test('a busy host delays its own transfers and nobody else', () => {
  const lanes = new Lanes(3, { perHost: 1 });
  const starts = ['a', 'a', 'a', 'b', 'c'].map((host) => lanes.place({ host, seconds: 10 }).start);
  assert.deepEqual(starts, [0, 10, 20, 0, 0]);
});

test('a datastore that allows one transfer serves one after the other', () => {
  const lanes = new Lanes(8, { perDatastore: 1 });
  assert.deepEqual(lanes.place({ storage: 'ds1', seconds: 3 }), { start: 0, end: 3 });
  assert.deepEqual(lanes.place({ storage: 'ds1', seconds: 4 }), { start: 3, end: 7 });
  assert.deepEqual(lanes.place({ storage: 'ds2', seconds: 4 }), { start: 0, end: 4 });
});

test('what goes to one storage class waits where that takes one transfer at a time, and is what holds a wave back', () => {
  const lanes = new Lanes(8, { perTarget: 1 });
  const starts = ['fast', 'fast', 'slow'].map((target) => lanes.place({ target, seconds: 10 }).start);
  assert.deepEqual(starts, [0, 10, 0]);
  assert.deepEqual(lanes.bottleneck(20, 'link'), { limit: 'target', name: 'fast', busy: 1 });
});

test('a limit binds nobody whose host is unknown', () => {
  const lanes = new Lanes(8, { perHost: 1 });
  assert.deepEqual(
    [1, 2].map((seconds) => lanes.place({ seconds }).start),
    [0, 0],
  );
});

test('a transfer without bytes needs no lane', () => {
  const lanes = new Lanes(1, {});
  lanes.place({ seconds: 5 });
  assert.deepEqual(lanes.place({ seconds: 0 }), { start: 0, end: 0 });
});

test('the busiest limit is named, with the share of time in which it is exhausted', () => {
  const lanes = new Lanes(4, { perHost: 1 });
  lanes.place({ host: 'a', seconds: 10 });
  lanes.place({ host: 'a', seconds: 10 });
  lanes.place({ host: 'b', seconds: 10 });
  assert.deepEqual(lanes.bottleneck(20, 'link'), { limit: 'host', name: 'a', busy: 1 });
  assert.equal(lanes.bottleneck(0, 'link'), undefined);
});

const transfer = fc.record({
  host: fc.constantFrom('a', 'b', 'c'),
  storage: fc.constantFrom('x', 'y'),
  seconds: fc.integer({ min: 0, max: 20 }),
});

test('what is undone leaves no trace', () => {
  fc.assert(
    fc.property(fc.array(transfer), fc.array(transfer), fc.array(transfer), (before, undone, after) => {
      const limits = { perHost: 2, perDatastore: 3 };
      const [tried, plain] = [new Lanes(4, limits), new Lanes(4, limits)];
      for (const each of before) assert.deepEqual(tried.place(each), plain.place(each));
      tried.keep();
      for (const each of undone) tried.place(each);
      tried.undo();
      for (const each of after) assert.deepEqual(tried.place(each), plain.place(each));
    }),
    { seed: 7 },
  );
});

test('no limit is exceeded at any moment', () => {
  fc.assert(
    fc.property(fc.array(transfer, { maxLength: 40 }), (transfers) => {
      const lanes = new Lanes(4, { perHost: 2, perDatastore: 3 });
      const placed = transfers.map((each) => ({ ...each, ...lanes.place(each) })).filter(({ seconds }) => seconds > 0);
      for (const { start } of placed) {
        const running = placed.filter((other) => other.start <= start && start < other.end);
        assert.ok(running.length <= 4);
        for (const host of ['a', 'b', 'c']) assert.ok(running.filter((other) => other.host === host).length <= 2);
        for (const storage of ['x', 'y']) assert.ok(running.filter((other) => other.storage === storage).length <= 3);
      }
    }),
    { seed: 7 },
  );
});
