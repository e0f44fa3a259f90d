import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/numa-layout.ts';
import { verdicts } from '../verdicts.ts';

test('several NUMA nodes are a warning', () => {
  assert.deepEqual(verdicts(rule, { cpu: { numaNodes: 2 } }), ['Warning cpu.numaNodes']);
});

test('one node is what the target gives', () => {
  assert.deepEqual(verdicts(rule, { cpu: { numaNodes: 1 } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
