import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-private-vlan.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a private VLAN is critical', () => {
  assert.deepEqual(
    verdicts(rule, {
      nics: [
        nic({ network: { id: 'a', name: 'a', privateVlan: { primary: 1, secondary: 2, mode: 'isolated' } } }),
        nic({ network: { id: 'b', name: 'b' } }),
        nic(),
      ],
    }),
    ['Critical nics[0].network'],
  );
});
