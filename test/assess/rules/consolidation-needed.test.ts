import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/consolidation-needed.ts';
import { verdicts } from '../verdicts.ts';

test('pending consolidation is a warning', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { consolidationNeeded: true } }), ['Warning snapshots.consolidationNeeded']);
});

test('otherwise there is nothing to do', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { consolidationNeeded: false } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
