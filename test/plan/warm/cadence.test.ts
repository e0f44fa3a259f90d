import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrecopyPass } from '../../../src/model/precopy.ts';
import { type CadenceBasis, measuredPace, nextPrecopy, predictedDelta } from '../../../src/plan/warm/cadence.ts';

const MiB = 2 ** 20;
const START = Date.parse('2026-03-01T00:00:00Z');
const HOUR = 3_600_000;

interface Guest {
  /** Bytes of the full copy. */
  readonly data: number;
  /** Bytes a second that change at an instant. */
  readonly changes: (at: number) => number;
  /** Bytes a second that are copied. */
  readonly copy: number;
  readonly goalSeconds: number;
  readonly cutoverAt: number;
  readonly fixed?: number;
  readonly tellsTime?: boolean;
}

interface Run {
  readonly passes: readonly PrecopyPass[];
  readonly finalSeconds: number;
}

/** Plays a warm migration until its cutover. Each snapshot costs five seconds. */
function play(guest: Guest): Run {
  let now = START;
  const passes: PrecopyPass[] = [];
  const take = (bytes: number): PrecopyPass => {
    const copySeconds = bytes / guest.copy;
    const checkpointAt = new Date(now).toISOString();
    now += (5 + copySeconds) * 1000;
    return { number: passes.length + 1, checkpointAt, bytes, copySeconds, snapshotSeconds: 5 };
  };
  const changedSince = (checkpoint: number): number => {
    const middle = (checkpoint + now) / 2;
    return Math.min(guest.data, (guest.changes(middle) * (now - checkpoint)) / 1000);
  };
  const first = take(guest.data);
  passes.push(first);
  for (;;) {
    const basis: CadenceBasis = {
      passes: [first, ...passes.slice(1)],
      capacity: guest.data,
      goalSeconds: guest.goalSeconds,
      ...(guest.fixed !== undefined && { every: guest.fixed }),
      ...(guest.tellsTime !== false && { cutoverAt: guest.cutoverAt }),
    };
    const next = Math.max(now, nextPrecopy(basis, now).at);
    if (next >= guest.cutoverAt) break;
    now = next;
    passes.push(take(changedSince(Date.parse(passes.at(-1)?.checkpointAt ?? ''))));
    assert.ok(passes.length < 5000, 'it goes on for ever');
  }
  now = Math.max(now, guest.cutoverAt);
  return { passes, finalSeconds: changedSince(Date.parse(passes.at(-1)?.checkpointAt ?? '')) / guest.copy };
}

const CALM: Guest = {
  data: 200_000 * MiB,
  changes: () => 2 * MiB,
  copy: 100 * MiB,
  goalSeconds: 60,
  cutoverAt: START + 72 * HOUR,
};

test('a cutover in three days costs few snapshots, and its final delta still meets the goal', () => {
  const { passes, finalSeconds } = play(CALM);
  assert.ok(finalSeconds <= 60, `${finalSeconds} s`);
  assert.ok(passes.length <= 20, `${passes.length} passes`);
});

test('without a known cutover the final delta is within the goal at any moment, with as few snapshots as that takes', () => {
  for (const hours of [20, 27.3, 41, 66.6]) {
    const { passes, finalSeconds } = play({ ...CALM, cutoverAt: START + hours * HOUR, tellsTime: false });
    assert.ok(finalSeconds <= 60, `${hours} h: ${finalSeconds} s`);
    const bearable = (60 * 100) / 2;
    assert.ok(passes.length <= 4 + (2.2 * hours * 3600) / bearable, `${hours} h: ${passes.length} passes`);
  }
});

test('a cutover that is near is prepared by one delta after the other', () => {
  const { passes, finalSeconds } = play({ ...CALM, cutoverAt: START + 40 * 60_000 });
  assert.ok(finalSeconds <= 60, `${finalSeconds} s`);
  assert.ok(passes.length >= 2);
});

test('a guest that gets busier by day is given precopies more often, not after the goal is missed', () => {
  const changes = (at: number): number => (new Date(at).getUTCHours() >= 8 && new Date(at).getUTCHours() < 18 ? 4 : 1) * MiB;
  const { finalSeconds } = play({ ...CALM, changes, cutoverAt: START + 40 * HOUR, tellsTime: false });
  assert.ok(finalSeconds <= 90, `${finalSeconds} s`);
});

test('a guest that changes faster than it is copied is not given one snapshot after the other', () => {
  const { passes } = play({ ...CALM, changes: () => 150 * MiB, cutoverAt: START + 24 * HOUR, tellsTime: false });
  assert.ok(passes.length <= 18, `${passes.length} passes in a day`);
});

test('whoever looks again before a precopy is due finds it due at the same instant', () => {
  const pass = (number: number, bytes: number): PrecopyPass => ({
    ...{ number, bytes, copySeconds: 600, snapshotSeconds: 5, checkpointAt: new Date(START + number * HOUR).toISOString() },
  });
  const guests = {
    calm: { passes: [pass(1, 60_000 * MiB), pass(2, 100 * MiB), pass(3, 100 * MiB)], cutoverAt: START + 90 * HOUR },
    hopeless: { passes: [pass(1, 60_000 * MiB), pass(2, 60_000 * MiB), pass(3, 60_000 * MiB)] },
    unhurried: { passes: [pass(1, 60_000 * MiB), pass(2, 100 * MiB), pass(3, 100 * MiB)] },
  } as const;
  for (const [name, guest] of Object.entries(guests)) {
    const basis: CadenceBasis = { capacity: 60_000 * MiB, goalSeconds: 60, ...guest };
    const ended = START + 3 * HOUR + 605_000;
    const { at } = nextPrecopy(basis, ended);
    assert.ok(at > ended + 60_000, `${name} waits`);
    for (let now = ended; now < at; now += HOUR / 3) assert.equal(nextPrecopy(basis, now).at, at, name);
    assert.equal(nextPrecopy(basis, at + 5).at, at + 5, `${name} is due`);
  }
});

test('an interval that the plan fixes counts from checkpoint to checkpoint', () => {
  const { passes } = play({ ...CALM, fixed: 3600, cutoverAt: START + 10.5 * HOUR });
  const times = passes.map(({ checkpointAt }) => Date.parse(checkpointAt));
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.deepEqual(new Set(gaps), new Set([HOUR]));
});

test('a delta of nothing promises nothing, and the speed of the copy comes from passes that moved enough', () => {
  const pass = (number: number, bytes: number, copySeconds: number): PrecopyPass => ({
    number,
    checkpointAt: new Date(START + number * HOUR).toISOString(),
    bytes,
    copySeconds,
    snapshotSeconds: 3,
  });
  const passes = [pass(1, 1000 * MiB, 10), pass(2, 300 * MiB, 2), pass(3, MiB, 1), pass(4, 0, 0)] as const;
  const pace = measuredPace(passes);
  assert.equal(pace?.copy, 150 * MiB);
  assert.deepEqual([pace.change.low, pace.change.likely], [0, 0]);
  const basis: CadenceBasis = { passes, capacity: 2000 * MiB, goalSeconds: 60 };
  const delta = predictedDelta(basis, START + 6 * HOUR);
  assert.equal(delta?.likely, 0);
  assert.equal(delta.high, 600 * MiB);
  assert.equal(predictedDelta(basis, START + 600 * HOUR)?.high, 2000 * MiB);
  assert.equal(measuredPace([passes[0]]), undefined);
});
