import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantityOf } from '../../src/model/quantity.ts';

test('quantities are numbers with decimal or binary suffixes', () => {
  assert.deepEqual(['12345', '1.5Gi', '2k', '1500m', '3Ti'].map(quantityOf), [12_345, 1.5 * 2 ** 30, 2000, 1.5, 3 * 2 ** 40]);
  assert.deepEqual(['2e3', '1E', '1Ei', '5000000n', '250000u'].map(quantityOf), [2000, 1e18, 2 ** 60, 0.005, 0.25]);
});

test('anything else is none', () => {
  for (const text of ['', 'Gi', '-1', '1 Gi', '1gi', '1e3x']) assert.equal(quantityOf(text), undefined, text);
});
