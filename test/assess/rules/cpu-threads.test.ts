import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cpu-threads.ts';
import { verdicts } from '../verdicts.ts';

test('threads are told', () => {
  assert.deepEqual(verdicts(rule, { cpu: { threadsPerCore: 2 } }), ['Information cpu.threadsPerCore']);
});

test('one a core, or not knowing, is not', () => {
  assert.deepEqual(verdicts(rule, { cpu: { threadsPerCore: 1 } }), []);
});
