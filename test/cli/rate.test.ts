import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, Rate } from '../../src/cli/rate.ts';

test('a steady flow shows its rate and the time left', () => {
  const rate = new Rate();
  for (let second = 0; second <= 10; second += 1) rate.note(second * 100, second * 1000);
  assert.equal(Math.round(rate.bytesPerSecond ?? 0), 100);
  assert.equal(Math.round(rate.secondsLeft(2000) ?? 0), 10);
});

test('nothing is told before two instants are known', () => {
  const rate = new Rate();
  rate.note(100, 0);
  assert.equal(rate.bytesPerSecond, undefined);
  assert.equal(rate.secondsLeft(200), undefined);
});

test('a link that slows down is followed within some seconds', () => {
  const rate = new Rate();
  for (let second = 0; second <= 10; second += 1) rate.note(second * 1000, second * 1000);
  for (let second = 11; second <= 30; second += 1) rate.note(10_000 + (second - 10) * 10, second * 1000);
  assert.ok((rate.bytesPerSecond ?? 0) < 40, String(rate.bytesPerSecond));
});

test('a slow beginning weighs no more than what follows', () => {
  const rate = new Rate();
  rate.note(0, 0);
  rate.note(0, 500);
  rate.note(1000, 1000);
  const shown = rate.bytesPerSecond ?? 0;
  assert.ok(shown > 1000 && shown < 1100, String(shown));
});

test('a standstill never promises an end', () => {
  const rate = new Rate();
  rate.note(0, 0);
  rate.note(0, 1000);
  assert.equal(rate.secondsLeft(100), undefined);
});

test('durations read like a clock', () => {
  assert.equal(formatDuration(7.4), '0:07');
  assert.equal(formatDuration(754), '12:34');
  assert.equal(formatDuration(11_045), '3:04:05');
  assert.equal(formatDuration(59.7), '1:00');
});
