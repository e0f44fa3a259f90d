import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/vapp-member.ts';
import { verdicts } from '../verdicts.ts';

test('a member of a vApp is told', () => {
  assert.deepEqual(verdicts(rule, { placement: { vApp: 'payroll' } }), ['Information placement.vApp']);
});

test('others are not', () => {
  assert.deepEqual(verdicts(rule, { placement: {} }), []);
});
