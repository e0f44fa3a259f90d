import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/cpu-feature-missing.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a feature of the other vendor is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { cpu: { features: [{ name: 'vmx', policy: 'require' }] } },
      facts: { nodes: { count: 1, largest: { cpus: 4, memory: 1 }, vendors: ['AMD'] } },
    }),
    ['Critical VirtualMachine/….domain.cpu.features[0]'],
  );
});

test('one of its own vendor is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { cpu: { features: [{ name: 'svm' }] } },
      facts: { nodes: { count: 1, largest: { cpus: 4, memory: 1 }, vendors: ['AMD'] } },
    }),
    [],
  );
});
