import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/latency-sensitive.ts';
import { verdicts } from '../verdicts.ts';

test('high latency sensitivity is a warning', () => {
  assert.deepEqual(verdicts(rule, { cpu: { latencySensitivity: 'high' } }), ['Warning cpu.latencySensitivity']);
});

test('normal is normal', () => {
  assert.deepEqual(verdicts(rule, { cpu: { latencySensitivity: 'normal' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
