import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/snapshots-present.ts';
import { verdicts } from '../verdicts.ts';

test('snapshots are a warning', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { count: 2 } }), ['Warning snapshots.count']);
});

test('none, or not knowing, is no concern', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { count: 0 } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
