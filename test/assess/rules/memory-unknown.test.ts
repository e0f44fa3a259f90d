import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/memory-unknown.ts';
import { verdicts } from '../verdicts.ts';

test('no memory size is a warning', () => {
  assert.deepEqual(verdicts(rule, { memory: {} }), ['Warning memory.size']);
});

test('a stated size is fine', () => {
  assert.deepEqual(verdicts(rule, { memory: { size: 1024 } }), []);
});
