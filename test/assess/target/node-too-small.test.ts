import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/node-too-small.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('memory beyond the largest node is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { memory: { guest: '2Gi' } },
      facts: { nodes: { count: 1, largest: { cpus: 4, memory: 2 ** 30 } } },
    }),
    ['Critical VirtualMachine/….domain.memory.guest'],
  );
});

test('more processors than the largest node has are a warning', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { cpu: { sockets: 8, cores: 1, threads: 1 }, memory: { guest: '1Gi' } },
      facts: { nodes: { count: 1, largest: { cpus: 4, memory: 2 ** 30 } } },
    }),
    ['Warning VirtualMachine/….domain.cpu'],
  );
});

test('what fits is fine, and without facts nobody knows', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { memory: { guest: '2Gi' } } }), []);
});
