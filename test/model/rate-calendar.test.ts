import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextChange, parseRateCalendar, type RateCalendar, rateAt } from '../../src/model/rate-calendar.ts';

const MB = 1e6;

function calendar(text: string): RateCalendar {
  const parsed = parseRateCalendar(text);
  assert.ok('rules' in parsed, 'faults' in parsed ? parsed.faults.join('\n') : '');
  return parsed;
}

function faults(text: string): readonly string[] {
  const parsed = parseRateCalendar(text);
  return 'faults' in parsed ? parsed.faults : [];
}

const OFFICE = calendar('Mon-Fri 08-18 = 50 MB/s, else unlimited, in Europe/Berlin');

test('the hours are those of the named zone, from the first minute to before the last', () => {
  // Monday, 1 June 2026: Berlin is two hours ahead of UTC.
  assert.equal(rateAt(OFFICE, Date.parse('2026-06-01T05:59:59.999Z')), 'unlimited');
  assert.equal(rateAt(OFFICE, Date.parse('2026-06-01T06:00:00Z')), 50 * MB);
  assert.equal(rateAt(OFFICE, Date.parse('2026-06-01T15:59:59.999Z')), 50 * MB);
  assert.equal(rateAt(OFFICE, Date.parse('2026-06-01T16:00:00Z')), 'unlimited');
  // Saturday.
  assert.equal(rateAt(OFFICE, Date.parse('2026-06-06T10:00:00Z')), 'unlimited');
  // In winter it is one hour ahead.
  assert.equal(rateAt(OFFICE, Date.parse('2026-12-01T06:30:00Z')), 'unlimited');
  assert.equal(rateAt(OFFICE, Date.parse('2026-12-01T07:00:00Z')), 50 * MB);
});

test('the next change is told over a weekend and over the change of the clock', () => {
  const friday = nextChange(OFFICE, Date.parse('2026-03-27T10:00:00Z'));
  assert.equal(friday, Date.parse('2026-03-27T17:00:00Z'), 'Friday, winter time');
  assert.equal(nextChange(OFFICE, friday ?? 0), Date.parse('2026-03-30T06:00:00Z'), 'Monday, summer time');
});

test('a night belongs to the day on which it begins', () => {
  const nights = calendar('Fri 22-06 = 1 MB, else 0, in UTC');
  assert.equal(rateAt(nights, Date.parse('2026-06-05T21:59:00Z')), 0);
  assert.equal(rateAt(nights, Date.parse('2026-06-05T22:00:00Z')), MB);
  assert.equal(rateAt(nights, Date.parse('2026-06-06T05:59:00Z')), MB);
  assert.equal(rateAt(nights, Date.parse('2026-06-06T06:00:00Z')), 0);
  assert.equal(rateAt(nights, Date.parse('2026-06-05T05:00:00Z')), 0, 'the morning of Friday belongs to Thursday');
});

test('an hour that the clock skips is waited for a week longer; an hour that it repeats counts twice', () => {
  const hour = calendar('Sun 02-03 = 1 MB, in Europe/Berlin');
  // On 29 March 2026 the clock goes from 02:00 to 03:00.
  assert.equal(nextChange(hour, Date.parse('2026-03-28T12:00:00Z')), Date.parse('2026-04-05T00:00:00Z'));
  // On 25 October 2026 it goes from 03:00 back to 02:00, which is 01:00 UTC.
  const begins = nextChange(hour, Date.parse('2026-10-24T12:00:00Z'));
  assert.equal(begins, Date.parse('2026-10-25T00:00:00Z'));
  assert.equal(nextChange(hour, begins ?? 0), Date.parse('2026-10-25T02:00:00Z'));
});

test('zones that are half an hour or three quarters off are met to the minute', () => {
  const nepal = calendar('09:15-17:30 = 1 MB, in Asia/Kathmandu');
  const opens = nextChange(nepal, Date.parse('2026-06-01T00:00:00Z'));
  assert.equal(opens, Date.parse('2026-06-01T03:30:00Z'));
  assert.equal(nextChange(nepal, opens ?? 0), Date.parse('2026-06-01T11:45:00Z'));
});

test('the first entry that holds counts', () => {
  const two = calendar('Mon = 1 MB; 12-14 = 2 MB; else 3 MB; in UTC');
  assert.equal(rateAt(two, Date.parse('2026-06-01T12:00:00Z')), MB);
  assert.equal(rateAt(two, Date.parse('2026-06-02T12:00:00Z')), 2 * MB);
  assert.equal(rateAt(two, Date.parse('2026-06-02T14:00:00Z')), 3 * MB);
});

test('a calendar without a change says so', () => {
  assert.equal(nextChange(calendar('00-24 = 1 MB, in UTC'), 0), undefined);
  assert.equal(nextChange(calendar('else 1 MB, in UTC'), 0), undefined);
});

test('between two changes nothing changes, in any zone at any time', () => {
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Chatham');
  const rules = fc.constantFrom('Mon-Fri 08-18 = 1 MB', 'Sat+Sun = 0', '22:30-05:45 = 2 MB', 'Fri-Mon 23-01 = 3 MB');
  const instant = fc.integer({ min: Date.parse('2026-01-01T00:00:00Z'), max: Date.parse('2027-12-31T00:00:00Z') });
  fc.assert(
    fc.property(zones, fc.array(rules, { minLength: 1, maxLength: 3 }), instant, (zone, entries, at) => {
      const one = calendar(`${entries.join(', ')}, in ${zone}`);
      const change = nextChange(one, at);
      if (change === undefined) return;
      assert.ok(change > at);
      assert.notEqual(rateAt(one, change), rateAt(one, at));
      assert.equal(rateAt(one, change - 1), rateAt(one, at));
      for (let part = 1; part < 20; part += 1) {
        assert.equal(rateAt(one, Math.floor(at + ((change - at) * part) / 20)), rateAt(one, at));
      }
    }),
    { numRuns: 40 },
  );
});

test('a file may explain itself, one entry a line', () => {
  const text = 'in Europe/Berlin\n# the office\nMon-Fri 8-18 = 400Mbit   # people work\n\nelse unlimited\n';
  assert.deepEqual(calendar(text), {
    zone: 'Europe/Berlin',
    rules: [{ days: [1, 2, 3, 4, 5], from: 480, until: 1080, rate: 50 * MB }],
    otherwise: 'unlimited',
  });
});

test('days wrap around the week, and several are added', () => {
  assert.deepEqual(calendar('Fri-Mon+Wed = 0, in UTC').rules[0]?.days, [5, 6, 0, 1, 3]);
});

test('every mistake is told at once', () => {
  assert.deepEqual(faults('Mon-Fri 08-18 = 50 MB/s'), ['A time zone is missing: add it such as «in Europe/Berlin».']);
  assert.equal(faults('Montag 08-18 = 5 MB, 08-25 = 5 MB, 08:10-09 = 5 MB, 08-08 = 5 MB, 24-03 = 1 MB, in UTC').length, 5);
  assert.equal(faults('08-18 = fast, else quickly, in Nowhere/Land').length, 3);
  assert.deepEqual(faults('else 1 MB, else 2 MB, in UTC, in Europe/Berlin'), [
    'Only one time zone can hold.',
    'Only one «else» can hold.',
  ]);
});
