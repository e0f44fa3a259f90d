import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nested-virtualization.ts';
import { verdicts } from '../verdicts.ts';

test('nested virtualisation is a warning', () => {
  assert.deepEqual(verdicts(rule, { cpu: { nestedVirtualization: true } }), ['Warning cpu.nestedVirtualization']);
});

test('off or unknown is fine', () => {
  assert.deepEqual(verdicts(rule, { cpu: { nestedVirtualization: false } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
