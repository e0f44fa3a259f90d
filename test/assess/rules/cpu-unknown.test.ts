import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cpu-unknown.ts';
import { verdicts } from '../verdicts.ts';

test('no number of processors is a warning', () => {
  assert.deepEqual(verdicts(rule, { cpu: {} }), ['Warning cpu.count']);
});

test('a stated number is fine', () => {
  assert.deepEqual(verdicts(rule, { cpu: { count: 1 } }), []);
});
