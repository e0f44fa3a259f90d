import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-port-policies.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('policies are told', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ portPolicies: ['DHCP guard'] }), nic({ portPolicies: [] }), nic()] }), [
    'Information nics[0].portPolicies',
  ]);
});
