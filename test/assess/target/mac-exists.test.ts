import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/mac-exists.ts';
import type { MacAddress } from '../../../src/model/units.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('an address that a VM of the cluster has is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { interfaces: [{ name: 'nic-0', macAddress: '00:50:56:00:00:01' }] } },
      facts: { virtualMachines: [{ namespace: 'vms', name: 'old', macs: ['00:50:56:00:00:01' as MacAddress] }] },
    }),
    ['Critical VirtualMachine/….domain.devices.interfaces[0].macAddress'],
  );
});

test('the VM itself is no stranger', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { interfaces: [{ name: 'nic-0', macAddress: '00:50:56:00:00:01' }] } },
      facts: { virtualMachines: [{ namespace: 'vms', name: 'web', macs: ['00:50:56:00:00:01' as MacAddress] }] },
    }),
    [],
  );
});
