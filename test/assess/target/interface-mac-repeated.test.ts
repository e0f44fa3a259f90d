import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/interface-mac-repeated.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('the second interface with one address is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: {
        devices: {
          interfaces: [
            { name: 'a', macAddress: '00:50:56:00:00:01' },
            { name: 'b', macAddress: '00:50:56:00:00:01' },
            { name: 'c' },
            { name: 'd' },
          ],
        },
      },
    }),
    ['Critical VirtualMachine/….domain.devices.interfaces[1].macAddress'],
  );
});
