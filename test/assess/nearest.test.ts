import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../src/assess/nearest.ts';

test('a name that differs by case or by two letters may be meant, and the nearest one is', () => {
  assert.equal(nearest('vm network', ['VM Network', 'VM Networks']), 'VM Network');
  assert.equal(nearest('Prod-Lna', ['Prod-Lab', 'Prod-Lan']), 'Prod-Lab');
});

test('another name altogether is not', () => {
  assert.equal(nearest('backup', ['LAN', 'storage', 'lookup-x']), undefined);
  assert.equal(nearest('a', ['b']), undefined);
});

test('a long name is not looked for', () => {
  assert.equal(nearest('x'.repeat(101), ['x'.repeat(100)]), undefined);
});
