import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/vbs-enabled.ts';
import { verdicts } from '../verdicts.ts';

test('security by virtualisation is told', () => {
  assert.deepEqual(verdicts(rule, { firmware: { vbs: true } }), ['Information firmware.vbs']);
});

test('none, or not knowing, is not', () => {
  assert.deepEqual(verdicts(rule, { firmware: { vbs: false } }), []);
});
