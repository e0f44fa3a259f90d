import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRateCalendar } from '../../../src/model/rate-calendar.ts';
import { ScheduledBandwidth } from '../../../src/transfer/limits/scheduled-bandwidth.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';

const never = new AbortController().signal;
const MB = 1e6;
const HOUR = 3_600_000;

function calendar(text: string) {
  const parsed = parseRateCalendar(text);
  if ('faults' in parsed) throw new Error(parsed.faults.join('\n'));
  return parsed;
}

/** Reads on and on, and counts. */
function reader(bandwidth: ScheduledBandwidth): { readonly granted: () => number } & Disposable {
  let granted = 0;
  const stop = new AbortController();
  void (async () => {
    for (;;) {
      await bandwidth.take(10 * MB, stop.signal);
      granted += 10 * MB;
    }
  })().catch(() => undefined);
  return { granted: () => granted, [Symbol.dispose]: () => stop.abort() };
}

test('the rate changes by the calendar, without anybody asking', async () => {
  const clock = new VirtualClock(Date.parse('2026-06-01T07:00:00Z'));
  using bandwidth = new ScheduledBandwidth(clock, calendar('07-08 = 1 MB, 08-09 = 0, 09-10 = 2 MB, else 1 MB, in UTC'));
  using reading = reader(bandwidth);
  const { granted } = reading;
  await clock.pass(HOUR);
  assert.equal(granted(), 3600 * MB);
  await clock.pass(HOUR / 2);
  assert.equal(granted(), 3600 * MB);
  assert.equal(clock.sleeping, 1, 'nobody looks at the clock in a pause but the calendar');
  await clock.pass(1.5 * HOUR);
  assert.equal(granted(), 3 * 3600 * MB);
});

test('a limit is changed while reads wait, from a calendar to a number and to none', async () => {
  const clock = new VirtualClock(Date.parse('2026-06-01T07:00:00Z'));
  using bandwidth = new ScheduledBandwidth(clock, calendar('07-08 = 0, else 1 MB, in UTC'));
  let granted = 0;
  const take = (): void => void bandwidth.take(10 * MB, never).then(() => (granted += 1));
  take();
  take();
  bandwidth.change(10 * MB);
  await clock.pass(1000);
  assert.equal(granted, 1);
  bandwidth.change(undefined);
  await settle();
  assert.equal(granted, 2);
  assert.equal(clock.sleeping, 0, 'the calendar is forgotten');
});

test('disposing lets go of the clock', () => {
  const clock = new VirtualClock();
  const bandwidth = new ScheduledBandwidth(clock, calendar('07-08 = 0, in UTC'));
  assert.equal(clock.sleeping, 1);
  bandwidth[Symbol.dispose]();
  assert.equal(clock.sleeping, 0);
});
