import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-network-unknown.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('an unknown network is a warning', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic()] }), ['Warning nics[0].network']);
});

test('a known one can be mapped', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ network: { id: 'n', name: 'LAN' } })] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
