import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/memory-missing.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('no memory is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: {} }), ['Critical VirtualMachine/….domain.memory.guest']);
});

test('memory is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { memory: { guest: '1Gi' } } }), []);
});

test('an instance type brings it', () => {
  assert.deepEqual(targetVerdicts(rule, { spec: { instancetype: { name: 'u1.small' } } }), []);
});
