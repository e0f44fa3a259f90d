import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/numa-affinity.ts';
import { verdicts } from '../verdicts.ts';

test('a binding is a warning', () => {
  assert.deepEqual(verdicts(rule, { cpu: { numaAffinity: '0' } }), ['Warning cpu.numaAffinity']);
});

test('none is fine', () => {
  assert.deepEqual(verdicts(rule, {}), []);
});
