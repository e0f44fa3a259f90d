import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/preference-missing.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a missing preference or instance type is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      spec: { preference: { name: 'rhel.9' }, instancetype: { name: 'u1.small' } },
      facts: { preferences: [], instancetypes: [] },
    }),
    ['Critical VirtualMachine/spec.preference', 'Critical VirtualMachine/spec.instancetype'],
  );
});

test('what the cluster has is fine, and what it may have in the namespace is not known', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      spec: { preference: { name: 'rhel.9' }, instancetype: { name: 'own', kind: 'VirtualMachineInstancetype' } },
      facts: { preferences: ['rhel.9'], instancetypes: [] },
    }),
    [],
  );
});

test('without facts nobody knows', () => {
  assert.deepEqual(targetVerdicts(rule, { spec: { preference: { name: 'rhel.9' } } }), []);
});
