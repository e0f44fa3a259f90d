import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RecurringWindow, Schedule, Span } from '../../../src/model/schedule.ts';
import { type CutoverOutlook, type NextCutover, nextCutover } from '../../../src/plan/schedule/next-cutover.ts';
import { subtract, union } from '../../../src/plan/schedule/spans.ts';

const BERLIN = 'Europe/Berlin';
const at = (text: string): number => Date.parse(text);
const nights: RecurringWindow = { cron: '0 22 * * 6', minutes: 360, timeZone: BERLIN };

function next(schedule: Partial<Schedule>, now: string, outlook: Partial<CutoverOutlook> = {}): NextCutover {
  const full: Schedule = { cutover: { kind: 'windows', windows: [nights] }, blackouts: [], ...schedule };
  return nextCutover(full, { now: at(now), needs: 600, downtime: 300, ...outlook });
}

function daily(cron: string, minutes: number): Partial<Schedule> {
  return { cutover: { kind: 'windows', windows: [{ cron, minutes, timeZone: BERLIN }] } };
}

test('a cutover waits for the window by the clock on the wall, in summer and in winter', () => {
  const summer = next({}, '2026-07-01T00:00:00Z');
  assert.deepEqual(summer, { kind: 'at', at: at('2026-07-04T20:00:00Z'), until: at('2026-07-05T02:00:00Z') });
  const winter = next({}, '2026-12-01T00:00:00Z');
  assert.deepEqual(winter, { kind: 'at', at: at('2026-12-05T21:00:00Z'), until: at('2026-12-06T03:00:00Z') });
});

test('it begins at once in a window that is open and still long enough, and waits a week when it is not', () => {
  const now = '2026-07-05T01:45:00Z';
  assert.deepEqual(next({}, now, { needs: 900 }), { kind: 'at', at: at(now), until: at('2026-07-05T02:00:00Z') });
  assert.equal(at('2026-07-11T20:00:00Z'), begin(next({}, now, { needs: 901 })));
});

test('a window in the night when clocks change lasts as many minutes as always', () => {
  const spring = next(daily('30 1 29 3 *', 120), '2026-03-28T00:00:00Z');
  assert.deepEqual(spring, { kind: 'at', at: at('2026-03-29T00:30:00Z'), until: at('2026-03-29T02:30:00Z') });
  const autumn = next(daily('30 1 25 10 *', 120), '2026-10-24T00:00:00Z');
  assert.deepEqual(autumn, { kind: 'at', at: at('2026-10-24T23:30:00Z'), until: at('2026-10-25T01:30:00Z') });
});

test('a window that opens in the hour that is left out opens at the leap, and one in the hour that comes twice opens once', () => {
  assert.equal(begin(next(daily('30 2 29 3 *', 60), '2026-03-28T00:00:00Z')), at('2026-03-29T01:00:00Z'));
  const twice = daily('30 2 25 10 *', 30);
  assert.equal(begin(next(twice, '2026-10-24T00:00:00Z')), at('2026-10-25T00:30:00Z'));
  assert.equal(begin(next(twice, '2026-10-25T01:00:00Z')), at('2027-10-25T00:30:00Z'));
});

test('a blackout takes its part of a window, and what is left must still be long enough', () => {
  const freeze: Span = { begin: at('2026-07-04T18:00:00Z'), end: at('2026-07-05T01:00:00Z') };
  assert.equal(begin(next({ blackouts: [freeze] }, '2026-07-01T00:00:00Z')), at('2026-07-05T01:00:00Z'));
  const long = next({ blackouts: [freeze] }, '2026-07-01T00:00:00Z', { needs: 2 * 3600 });
  assert.equal(begin(long), at('2026-07-11T20:00:00Z'));
  const monthEnd: RecurringWindow = { cron: '0 0 4 * *', minutes: 2 * 24 * 60, timeZone: BERLIN };
  assert.equal(
    begin(next({ blackouts: [monthEnd] }, '2026-07-01T00:00:00Z')),
    at('2026-07-05T22:00:00Z') + 6 * 24 * 3_600_000 - 2 * 3_600_000,
  );
});

test('what no window can hold is said at once, with both durations', () => {
  const never = next({}, '2026-07-01T00:00:00Z', { needs: 7 * 3600 });
  assert.deepEqual(never, { kind: 'never', because: 'it takes up to 7 h, the longest window is 6 h' });
  const past = next(daily('0 0 30 2 *', 60), '2026-07-01T00:00:00Z');
  assert.deepEqual(past, { kind: 'never', because: 'no window opens within the next year' });
});

test('a downtime over the budget is a reason to wait, whatever is open', () => {
  const over = next({ downtimeBudget: 299 }, '2026-07-04T21:00:00Z');
  assert.deepEqual(over, { kind: 'never', because: 'a downtime of 300 s is predicted, 299 s are allowed' });
  assert.equal(next({ downtimeBudget: 300 }, '2026-07-04T21:00:00Z').kind, 'at');
});

test('a fixed time is kept, late where it has to be, and not after its end', () => {
  const fixed = (until?: string): Partial<Schedule> => ({
    cutover: { kind: 'at', at: at('2026-07-04T20:00:00Z'), ...(until !== undefined && { until: at(until) }) },
  });
  assert.deepEqual(next(fixed(), '2026-07-01T00:00:00Z'), { kind: 'at', at: at('2026-07-04T20:00:00Z') });
  assert.deepEqual(next(fixed(), '2026-07-09T00:00:00Z'), { kind: 'at', at: at('2026-07-09T00:00:00Z') });
  assert.equal(next(fixed('2026-07-04T21:00:00Z'), '2026-07-04T20:55:00Z').kind, 'never');
});

test('windows that overlap for ever are one that is always open', () => {
  const always = ['0 0 * * *', '0 12 * * *'].map((cron) => ({ cron, minutes: 13 * 60, timeZone: 'UTC' }));
  const now = '2026-07-01T05:00:00Z';
  assert.equal(begin(next({ cutover: { kind: 'windows', windows: always } }, now, { needs: 30 * 24 * 3600 })), at(now));
});

test('a window that cannot be is refused in words', () => {
  const refused = (window: Partial<RecurringWindow>, message: RegExp): void => {
    const windows = [{ ...nights, ...window }];
    assert.throws(() => next({ cutover: { kind: 'windows', windows } }, '2026-07-01T00:00:00Z'), {
      code: 'config-invalid',
      message,
    });
  };
  refused({ cron: '0 25 * * *' }, /"0 25 \* \* \*" is no cron expression of five fields/);
  refused({ cron: '* * * * * *' }, /five fields/);
  refused({ minutes: 0 }, /1 to 44640 minutes/);
  refused({ timeZone: 'Europe/Atlantis' }, /no time zone "Europe\/Atlantis"/);
});

test('unions and differences hold exactly the instants that they should', () => {
  const spans = fc
    .array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 12 })), { maxLength: 8 })
    .map((all) => all.map(([begins, length]) => ({ begin: begins, end: begins + length })).toSorted((a, b) => a.begin - b.begin));
  const holds = (set: readonly Span[], instant: number): boolean =>
    set.some(({ begin: b, end }) => b <= instant && instant < end);
  fc.assert(
    fc.property(spans, spans, spans, (one, two, three) => {
      const joined = [...union([one.values(), two.values()])];
      const left = [...subtract(joined, union([three.values()]))];
      for (let instant = 0; instant < 80; instant += 1) {
        const expected = holds(one, instant) || holds(two, instant);
        assert.equal(holds(joined, instant), expected);
        assert.equal(holds(left, instant), expected && !holds(three, instant));
      }
      for (const [index, { begin: from }] of joined.entries()) assert.ok(from > (joined[index - 1]?.end ?? -1));
    }),
    { seed: 7, numRuns: 300 },
  );
});

function begin(found: NextCutover): number {
  assert.equal(found.kind, 'at', JSON.stringify(found));
  return found.kind === 'at' ? found.at : 0;
}
