import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/suspended.ts';
import { verdicts } from '../verdicts.ts';

test('a suspended VM is critical', () => {
  assert.deepEqual(verdicts(rule, { power: 'suspended' }), ['Critical power']);
});

test('on, off and unknown are not suspended', () => {
  assert.deepEqual(verdicts(rule, { power: 'on' }), []);
  assert.deepEqual(verdicts(rule, { power: 'off' }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
