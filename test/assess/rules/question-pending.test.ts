import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/question-pending.ts';
import { verdicts } from '../verdicts.ts';

test('a question is critical', () => {
  assert.deepEqual(verdicts(rule, { question: 'Was the VM moved or copied?' }), ['Critical question']);
});

test('no question is fine', () => {
  assert.deepEqual(verdicts(rule, {}), []);
});
