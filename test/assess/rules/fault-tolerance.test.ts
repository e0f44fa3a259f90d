import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/fault-tolerance.ts';
import { verdicts } from '../verdicts.ts';

test('fault tolerance is a warning', () => {
  assert.deepEqual(verdicts(rule, { availability: { faultTolerance: true } }), ['Warning availability.faultTolerance']);
});

test('none, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { availability: { faultTolerance: false } }), []);
});
