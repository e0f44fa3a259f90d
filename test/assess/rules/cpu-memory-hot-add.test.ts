import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cpu-memory-hot-add.ts';
import { verdicts } from '../verdicts.ts';

test('each kind is named', () => {
  assert.deepEqual(verdicts(rule, { cpu: { hotAdd: true, hotRemove: true }, memory: { hotAdd: true } }), [
    'Information cpu.hotAdd',
    'Information cpu.hotRemove',
    'Information memory.hotAdd',
  ]);
});

test('off, or unknown, is no concern', () => {
  assert.deepEqual(verdicts(rule, { cpu: { hotAdd: false }, memory: {} }), []);
});
