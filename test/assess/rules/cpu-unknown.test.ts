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

test('zero processors are as unknown as none stated, and an option answers', () => {
  assert.deepEqual(verdicts(rule, { cpu: { count: 0 } }), ['Warning cpu.count']);
  assert.deepEqual(verdicts(rule, {}, { options: { cpus: 2 } }), []);
});
