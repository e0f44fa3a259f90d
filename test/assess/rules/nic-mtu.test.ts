import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-mtu.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a large MTU is told', () => {
  assert.deepEqual(
    verdicts(rule, {
      nics: [nic({ network: { id: 'a', name: 'a', mtu: 9000 } }), nic({ network: { id: 'b', name: 'b', mtu: 1500 } }), nic()],
    }),
    ['Information nics[0].network'],
  );
});
