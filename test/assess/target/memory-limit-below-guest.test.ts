import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/memory-limit-below-guest.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a limit below the guest is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { memory: { guest: '2Gi' }, resources: { limits: { memory: '1Gi' } } } }), [
    'Critical VirtualMachine/….domain.resources.limits.memory',
  ]);
});

test('a limit above, or none, is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { memory: { guest: '2Gi' }, resources: { limits: { memory: '3Gi' } } } }), []);
});

test('no limit is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { memory: { guest: '2Gi' } } }), []);
});
