import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bearableChangeRate, neededCopyRate, type PrecopyInput, predictPrecopies } from '../../src/plan/convergence.ts';

const HUNDRED: PrecopyInput = {
  bytes: 100_000,
  seconds: 1000,
  capacity: 100_000,
  changeRate: 10,
  copyRate: 100,
  snapshotSeconds: 0,
  goalSeconds: 1,
  maxPrecopies: 8,
};

test('with a tenth of the copy rate each delta is a tenth of the one before', () => {
  const { converges, meetsGoal, precopies, finalDeltaBytes } = predictPrecopies(HUNDRED);
  assert.deepEqual([converges, meetsGoal], [true, true]);
  assert.deepEqual(
    precopies.map(({ bytes, seconds }) => [bytes, seconds]),
    [
      [100_000, 1000],
      [10_000, 100],
      [1000, 10],
    ],
  );
  assert.equal(finalDeltaBytes, 100);
});

test('no further precopy is made once the final delta fits the goal', () => {
  assert.equal(predictPrecopies({ ...HUNDRED, goalSeconds: 100 }).precopies.length, 1);
  assert.equal(predictPrecopies({ ...HUNDRED, goalSeconds: 99 }).precopies.length, 2);
});

test('a guest that changes data as fast as it is copied never converges, and one precopy says so', () => {
  const { converges, meetsGoal, precopies, finalDeltaBytes } = predictPrecopies({ ...HUNDRED, changeRate: 100 });
  assert.deepEqual([converges, meetsGoal, precopies.length, finalDeltaBytes], [false, false, 1, 100_000]);
});

test('a delta is never larger than the disks', () => {
  assert.equal(predictPrecopies({ ...HUNDRED, changeRate: 1e6 }).finalDeltaBytes, HUNDRED.capacity);
});

test('precopies end when the checkpoint costs more than another one gains', () => {
  const { converges, meetsGoal, precopies } = predictPrecopies({ ...HUNDRED, snapshotSeconds: 60 });
  assert.deepEqual([converges, meetsGoal], [true, false]);
  // 1000 + 60, then a tenth of the one before + 60 each: 166, 76.6, 67.66, and 66.77 would be no gain.
  assert.deepEqual(
    precopies.map(({ seconds }) => Math.round(seconds * 100) / 100),
    [1060, 166, 76.6, 67.66],
  );
});

test('an idle guest needs one precopy and has no final delta', () => {
  const { precopies, finalDeltaBytes } = predictPrecopies({ ...HUNDRED, changeRate: 0 });
  assert.deepEqual([precopies.length, finalDeltaBytes], [1, 0]);
});

test('the number of precopies is limited', () => {
  const { precopies, meetsGoal } = predictPrecopies({ ...HUNDRED, changeRate: 80, maxPrecopies: 3 });
  assert.deepEqual([precopies.length, meetsGoal], [3, false]);
});

const input = fc.record({
  bytes: fc.integer({ min: 1, max: 1e9 }),
  changeRate: fc.integer({ min: 0, max: 2000 }),
  copyRate: fc.integer({ min: 1, max: 1000 }),
  snapshotSeconds: fc.integer({ min: 0, max: 60 }),
  goalSeconds: fc.integer({ min: 1, max: 120 }),
});

test('precopies get shorter one after the other, and a met goal is met in seconds', () => {
  fc.assert(
    fc.property(input, (facts) => {
      const { bytes, copyRate, changeRate, goalSeconds } = facts;
      const outcome = predictPrecopies({ ...facts, seconds: bytes / copyRate, capacity: bytes, maxPrecopies: 20 });
      outcome.precopies.reduce((before, after) => {
        assert.ok(after.seconds < before.seconds);
        return after;
      });
      assert.equal(outcome.converges, changeRate < copyRate);
      assert.equal(outcome.meetsGoal, outcome.finalDeltaBytes / copyRate <= goalSeconds);
    }),
    { seed: 7 },
  );
});

test('the copy rate that is said to be needed is enough, and less is not', () => {
  fc.assert(
    fc.property(input, (facts) => {
      const { bytes, copyRate } = facts;
      const all = { ...facts, seconds: bytes / copyRate, capacity: bytes, maxPrecopies: 8 };
      fc.pre(!predictPrecopies(all).meetsGoal);
      const needed = neededCopyRate(all);
      assert.ok(needed !== undefined && needed > copyRate);
      assert.ok(predictPrecopies({ ...all, copyRate: needed, seconds: bytes / needed }).meetsGoal);
      const less = needed * 0.999;
      assert.equal(predictPrecopies({ ...all, copyRate: less, seconds: bytes / less }).meetsGoal, false);
    }),
    { seed: 7 },
  );
});

test('the change rate that is said to be bearable is so', () => {
  fc.assert(
    fc.property(input, (facts) => {
      const { bytes, copyRate } = facts;
      const all = { ...facts, seconds: bytes / copyRate, capacity: bytes, maxPrecopies: 8 };
      assert.ok(predictPrecopies({ ...all, changeRate: bearableChangeRate(all) }).meetsGoal);
    }),
    { seed: 7 },
  );
});

test('no copy is fast enough for a final delta of no time at all', () => {
  assert.equal(neededCopyRate({ ...HUNDRED, goalSeconds: 0 }), undefined);
});
