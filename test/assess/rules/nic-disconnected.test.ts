import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-disconnected.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a NIC without a link is told', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ startConnected: false }), nic({ startConnected: true }), nic()] }), [
    'Information nics[0].startConnected',
  ]);
});
