import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/tools-outdated.ts';
import { verdicts } from '../verdicts.ts';

test('old tools are told', () => {
  assert.deepEqual(verdicts(rule, { guest: { tools: { installed: true, outdated: true } } }), [
    'Information guest.tools.outdated',
  ]);
});

test('current ones are not', () => {
  assert.deepEqual(verdicts(rule, { guest: { tools: { installed: true, outdated: false } } }), []);
});
