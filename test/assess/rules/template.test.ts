import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/template.ts';
import { verdicts } from '../verdicts.ts';

test('a template is noted', () => {
  assert.deepEqual(verdicts(rule, { isTemplate: true }), ['Information isTemplate']);
});

test('a VM, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { isTemplate: false }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
