import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/memory-dynamic.ts';
import { verdicts } from '../verdicts.ts';

test('dynamic memory is a warning', () => {
  assert.deepEqual(verdicts(rule, { memory: { dynamic: { minimum: 1, maximum: 2 } } }), ['Warning memory.dynamic']);
});

test('a size that the user gave settles it', () => {
  assert.deepEqual(verdicts(rule, { memory: { dynamic: {} } }, { options: { memory: 1 } }), []);
});

test('fixed, or unknown, is fine', () => {
  assert.deepEqual(verdicts(rule, { memory: { size: 1 } }), []);
});
