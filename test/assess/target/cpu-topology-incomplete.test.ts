import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/cpu-topology-incomplete.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a zero among the three is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { cpu: { sockets: 2, cores: 1, threads: 0 } } }), [
    'Critical VirtualMachine/….domain.cpu',
  ]);
});

test('a missing part is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { cpu: { sockets: 2 } } }), ['Critical VirtualMachine/….domain.cpu']);
});

test('all three, or none, is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { cpu: { sockets: 2, cores: 1, threads: 1 } } }), []);
});

test('none at all is filled by KubeVirt', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { cpu: {} } }), []);
});
