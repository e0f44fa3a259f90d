import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/memory-ballooned.ts';
import { verdicts } from '../verdicts.ts';

test('ballooned memory is told', () => {
  assert.deepEqual(verdicts(rule, { memory: { ballooned: 1024 } }), ['Information memory.ballooned']);
});

test('none, or not knowing, is not', () => {
  assert.deepEqual(verdicts(rule, { memory: { ballooned: 0 } }), []);
});
