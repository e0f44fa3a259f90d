import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/no-nics.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a VM without NIC is noted', () => {
  assert.deepEqual(verdicts(rule, { nics: [] }), ['Information nics']);
});

test('one NIC is enough', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic()] }), []);
});
