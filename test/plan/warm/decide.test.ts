import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrecopyPass } from '../../../src/model/precopy.ts';
import type { Schedule } from '../../../src/model/schedule.ts';
import { type Decision, decide, type WarmSituation } from '../../../src/plan/warm/decide.ts';

const GiB = 2 ** 30;
const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOUR = 3_600_000;

/** A pass that began `ago` hours before NOW. */
function pass(number: number, ago: number, bytes: number, copySeconds: number): PrecopyPass {
  return { number, checkpointAt: new Date(NOW - ago * HOUR).toISOString(), bytes, copySeconds, snapshotSeconds: 2 };
}

/** 100 GiB copied in 1,000 s, then deltas of ever less. */
const CALM = [pass(1, 2, 100 * GiB, 1000), pass(2, 1.7, GiB, 10), pass(3, 1.69, GiB / 64, 1)] as const;
/** As much changes as is copied. */
const WILD = [pass(1, 2, 100 * GiB, 1000), pass(2, 1.7, 50 * GiB, 500), pass(3, 1.5, 50 * GiB, 500)] as const;

function situation(
  cutover: Schedule['cutover'],
  more: Partial<Omit<WarmSituation, 'schedule'>> & { readonly schedule?: Partial<Schedule> } = {},
): Decision {
  const { schedule, ...rest } = more;
  return decide(
    {
      passes: CALM,
      capacity: 200 * GiB,
      terms: { fixed: { low: 30, likely: 60, high: 120 }, goal: 60 },
      ...rest,
      schedule: { cutover, blackouts: [], ...schedule },
    } as WarmSituation,
    NOW,
  );
}

test('the full copy is followed by a delta at once, because it took long', () => {
  assert.equal(situation({ kind: 'manual' }, { passes: [CALM[0]] }).kind, 'precopy');
});

test('a fixed interval holds also for the first delta, unless the cutover is due', () => {
  const schedule = { precopyEvery: 3 * 3600 };
  const waits = situation({ kind: 'manual' }, { passes: [CALM[0]], schedule });
  assert.deepEqual([waits.kind, waits.outlook.at], ['wait', '2026-03-01T13:00:00.000Z']);
  assert.equal(situation({ kind: 'manual' }, { passes: [CALM[0]], schedule, cutoverAt: NOW }).kind, 'precopy');
});

test('the first delta comes in time for a cutover whose time is known, whatever the interval', () => {
  const about = { passes: [CALM[0]] as const, schedule: { precopyEvery: 3 * 3600 } };
  assert.equal(situation({ kind: 'at', at: NOW }, about).kind, 'precopy', 'its time has come');
  const half = NOW + HOUR / 2;
  for (const soon of [situation({ kind: 'at', at: half }, about), situation({ kind: 'manual' }, { ...about, cutoverAt: half })])
    assert.deepEqual([soon.kind, Date.parse(soon.outlook.at ?? '')], ['precopy', half - 2004 * 1000]);
  const later = situation({ kind: 'at', at: NOW + 0.9 * HOUR }, about);
  assert.deepEqual([later.kind, Date.parse(later.outlook.at ?? '')], ['wait', NOW + 0.9 * HOUR - 2004 * 1000]);
  assert.equal(situation({ kind: 'at', at: NOW + 9 * HOUR }, about).outlook.because, 'the plan fixes the interval');
});

test('without a word the VM waits, with its forecast told', () => {
  const { kind, outlook } = situation({ kind: 'manual' });
  assert.equal(kind, 'precopy', 'the last one was long ago');
  const soon = situation(
    { kind: 'manual' },
    { passes: [...CALM, pass(4, 0.001, GiB / 64, 1)] as unknown as WarmSituation['passes'] },
  );
  assert.equal(soon.kind, 'wait');
  assert.equal(soon.outlook.cutoverAt, undefined);
  assert.equal(soon.outlook.cutoverBecause, 'somebody has to say when');
  const { seconds } = soon.outlook.downtime ?? assert.fail();
  assert.ok(seconds.low >= 30 && seconds.likely >= 60 && seconds.high >= 120 && seconds.low <= seconds.likely);
  assert.ok(outlook.downtime !== undefined);
});

test('a word goes before the policy, after one more precopy where that pays', () => {
  const fresh = [...CALM, pass(4, 0.001, GiB / 64, 1)] as unknown as WarmSituation['passes'];
  assert.equal(situation({ kind: 'manual' }, { passes: fresh, cutoverAt: NOW - 1 }).kind, 'cutover');
  const budget = { downtimeBudget: 1 };
  assert.equal(situation({ kind: 'when-ready' }, { passes: fresh, cutoverAt: NOW - 1, schedule: budget }).kind, 'cutover');
});

test('a cutover beyond the budget does not begin, and says why', () => {
  const fresh = [...CALM, pass(4, 0.001, GiB / 64, 1)] as unknown as WarmSituation['passes'];
  const { kind, outlook } = situation({ kind: 'when-ready' }, { passes: fresh, schedule: { downtimeBudget: 20 } });
  assert.notEqual(kind, 'cutover');
  assert.match(outlook.cutoverBecause ?? '', /a downtime of 6\d s is predicted, 20 s are allowed/);
});

test('when ready means: as soon as another precopy makes the final delta no smaller', () => {
  const large = [pass(1, 2, 100 * GiB, 1000), pass(2, 1, 30 * GiB, 300)] as const;
  const again = situation({ kind: 'when-ready' }, { passes: large });
  assert.equal(again.kind, 'precopy', 'a delta of 300 s shrinks still');
  assert.equal(situation({ kind: 'when-ready' }, { passes: [...CALM, pass(4, 0.001, GiB / 64, 1)] as never }).kind, 'cutover');
});

test('a guest that writes as fast as it is copied says so with numbers, and is not held back for ever', () => {
  const { kind, outlook } = situation({ kind: 'when-ready' }, { passes: [...WILD, pass(4, 0.14, 50 * GiB, 500)] as never });
  assert.equal(outlook.downtime?.converges, false);
  assert.match(outlook.downtime?.advice.join(' ') ?? '', /GiB\/s|MiB\/s/);
  assert.match(outlook.downtime?.advice.join(' ') ?? '', /copy at \d/);
  assert.equal(kind, 'cutover', 'nothing that one could wait for makes it better');
});

test('what cannot end in its window waits for the next one', () => {
  const windows = [{ cron: '0 12 * * *', minutes: 1, timeZone: 'UTC' }];
  const fresh = [...CALM, pass(4, 0.001, GiB / 64, 1)] as unknown as WarmSituation['passes'];
  const never = situation({ kind: 'windows', windows }, { passes: fresh });
  assert.notEqual(never.kind, 'cutover');
  assert.match(never.outlook.cutoverBecause ?? '', /longest window is 60 s/);
  const late = { cron: '0 22 * * *', minutes: 60, timeZone: 'UTC' };
  const later = situation({ kind: 'windows', windows: [late] }, { passes: fresh });
  assert.equal(later.outlook.cutoverAt, '2026-03-01T22:00:00.000Z');
  const now = situation({ kind: 'windows', windows: [{ ...late, cron: '30 11 * * *' }] }, { passes: fresh });
  assert.deepEqual([now.kind, now.until], ['cutover', Date.parse('2026-03-01T12:30:00Z')]);
});

test('a precopy that failed is tried again, later each time', () => {
  const setback = { count: 3, code: 'snapshot-failed', message: 'No.', at: new Date(NOW - 60_000).toISOString() } as const;
  const waits = situation({ kind: 'when-ready' }, { setback });
  assert.deepEqual([waits.kind, waits.outlook.at], ['wait', new Date(NOW + 60_000).toISOString()]);
  const due = situation({ kind: 'when-ready' }, { setback: { ...setback, count: 1 } });
  assert.equal(due.kind, 'precopy');
});
