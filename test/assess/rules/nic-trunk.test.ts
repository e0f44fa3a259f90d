import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-trunk.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a trunk is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      nics: [
        nic({ network: { id: 'a', name: 'a', trunk: { ranges: [{ first: 1, last: 5 }], native: 1 } } }),
        nic({ network: { id: 'b', name: 'b', vlan: 5 } }),
        nic(),
      ],
    }),
    ['Warning nics[0].network'],
  );
});
