import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantText, outlookText } from '../../src/report/outlook.ts';

const DOWNTIME = {
  finalDelta: { low: 1, likely: 2, high: 3 },
  seconds: { low: 40, likely: 48, high: 75 },
  changeRate: 1,
  copyRate: 2,
  converges: true,
  advice: [],
};

test('a VM between two precopies tells both its events and what the second will cost', () => {
  const text = outlookText(
    {
      next: 'precopy',
      at: '2026-03-01T14:05:00.000Z',
      because: 'keeps the final delta within its goal',
      cutoverAt: '2026-03-01T22:00:00.000Z',
      cutoverBecause: 'the first time at which it can end',
      downtime: DOWNTIME,
    },
    instantText,
  );
  assert.equal(
    text,
    'next precopy 2026-03-01 14:05 UTC (keeps the final delta within its goal), cutover 2026-03-01 22:00 UTC, predicted downtime 48 s (40 s to 75 s)',
  );
});

test('one that nobody cuts over says why, and one that cannot converge says so', () => {
  const text = outlookText(
    { next: 'precopy', because: 'x', cutoverBecause: 'somebody has to say when', downtime: { ...DOWNTIME, converges: false } },
    (at) => at,
  );
  assert.equal(
    text,
    'next precopy (x), no cutover yet: somebody has to say when, predicted downtime 48 s (40 s to 75 s), does not converge',
  );
});

test('a cutover and a group are told once', () => {
  const at = '2026-03-01T22:00:00.000Z';
  assert.equal(
    outlookText({ next: 'cutover', at, because: 'the schedule says so', cutoverAt: at, cutoverBecause: 'y' }, () => '22:00'),
    'cutover 22:00 (the schedule says so)',
  );
  assert.equal(
    outlookText({ next: 'group', because: 'its group waits for db' }, () => ''),
    'waits for its group (its group waits for db)',
  );
});
