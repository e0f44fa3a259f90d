import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/snapshots-automatic.ts';
import { verdicts } from '../verdicts.ts';

test('an automatic checkpoint is told', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { list: [{ name: 'start', kind: 'automatic' }] } }), [
    'Information snapshots.list',
  ]);
});

test('others are not', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { list: [{ name: 'mine', kind: 'standard' }], count: 1 } }), []);
});
