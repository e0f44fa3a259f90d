import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about, figure, spreadText, startText } from '../../src/report/durations.ts';

test('a duration is told in two units at most, rounded once', () => {
  const told = [0, 44.6, 89, 91, 3569, 3570, 3600, 7199, 86_399, 86_400, 200_000].map(about);
  assert.deepEqual(told, ['0 s', '45 s', '89 s', '2 min', '59 min', '1 h', '1 h', '2 h', '1 d', '1 d', '2 d 8 h']);
});

test('a spread without a difference is one value', () => {
  assert.equal(spreadText({ low: 60, likely: 60, high: 60 }), '60 s');
  assert.equal(spreadText({ low: 60, likely: 600, high: 6000 }), '10 min (60 s to 1 h 40 min)');
});

test('starts count from the first wave', () => {
  assert.deepEqual([startText(0), startText(86_400 + 5400)], ['day 1, +0:00 h', 'day 2, +1:30 h']);
});

test('figures carry their unit', () => {
  assert.deepEqual(
    [figure(0.05, 'share of the data a day'), figure(1024 ** 2, 'bytes/s'), figure(3, 'transfers')],
    ['5 % of the data a day', '1.00 MiB/s', '3'],
  );
});
