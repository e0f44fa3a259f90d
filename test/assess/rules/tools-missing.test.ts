import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/tools-missing.ts';
import { verdicts } from '../verdicts.ts';

test('missing tools are noted', () => {
  assert.deepEqual(verdicts(rule, { guest: { tools: { installed: false } } }), ['Information guest.tools.installed']);
});

test('installed, or not knowing, is no concern', () => {
  assert.deepEqual(verdicts(rule, { guest: { tools: { installed: true } } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
