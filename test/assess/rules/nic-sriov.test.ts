import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-sriov.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('an SR-IOV NIC is a warning', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ model: 'sriov' })] }), ['Warning nics[0].model']);
});

test('others are fine', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ model: 'vmxnet3' }), nic()] }), []);
});
