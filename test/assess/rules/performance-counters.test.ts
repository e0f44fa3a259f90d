import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/performance-counters.ts';
import { verdicts } from '../verdicts.ts';

test('counters are told', () => {
  assert.deepEqual(verdicts(rule, { cpu: { performanceCounters: true } }), ['Information cpu.performanceCounters']);
});

test('none are not', () => {
  assert.deepEqual(verdicts(rule, { cpu: { performanceCounters: false } }), []);
});
