import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/vm-exists.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a VM of that name is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { facts: { virtualMachines: [{ namespace: 'vms', name: 'web' }] } }), [
    'Critical VirtualMachine/metadata.name',
  ]);
});

test('a VM elsewhere is not', () => {
  assert.deepEqual(targetVerdicts(rule, { facts: { virtualMachines: [{ namespace: 'other', name: 'web' }] } }), []);
});

test('without a namespace, or without facts, nobody knows', () => {
  assert.deepEqual(
    targetVerdicts(rule, { namespace: undefined, facts: { virtualMachines: [{ namespace: 'vms', name: 'web' }] } }),
    [],
  );
});
