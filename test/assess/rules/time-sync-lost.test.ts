import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/time-sync-lost.ts';
import { verdicts } from '../verdicts.ts';

test('a clock that the hypervisor sets is told', () => {
  assert.deepEqual(verdicts(rule, { guest: { tools: { installed: true, timeSync: true } } }), [
    'Information guest.tools.timeSync',
  ]);
});

test('others are not', () => {
  assert.deepEqual(verdicts(rule, { guest: { tools: { installed: true, timeSync: false } } }), []);
});
