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

test('zero bytes are as unknown as none stated, and an option answers', () => {
  assert.deepEqual(verdicts(rule, { memory: { size: 0 } }), ['Warning memory.size']);
  assert.deepEqual(verdicts(rule, {}, { options: { memory: 1024 } }), []);
});
