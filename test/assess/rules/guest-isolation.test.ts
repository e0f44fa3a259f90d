import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-isolation.ts';
import { verdicts } from '../verdicts.ts';

test('an isolated guest is critical', () => {
  assert.deepEqual(verdicts(rule, { firmware: { isolation: 'SNP' } }), ['Critical firmware.isolation']);
});

test('none is fine', () => {
  assert.deepEqual(verdicts(rule, { firmware: { isolation: 'None' } }), []);
});

test('not knowing is fine', () => {
  assert.deepEqual(verdicts(rule, {}), []);
});
