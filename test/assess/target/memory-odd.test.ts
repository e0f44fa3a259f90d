import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/memory-odd.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a size that is no whole MiB is a warning', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { memory: { guest: '1000000' } } }), [
    'Warning VirtualMachine/….domain.memory.guest',
  ]);
});

test('whole MiB, or none, is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { memory: { guest: '1537Mi' } } }), []);
});
