import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-mac-duplicate.ts';
import type { MacAddress } from '../../../src/model/units.ts';
import { nic, smallVm } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

const mac = '00:50:56:00:00:01' as MacAddress;
const other = '00:50:56:00:00:02' as MacAddress;

test('the second NIC with one MAC is a warning', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ mac }), nic({ mac })] }), ['Warning nics[1].mac']);
});

test('a MAC that another VM of the plan has is a warning', () => {
  const facts = { nics: [nic({ mac })] };
  const peers = [smallVm(facts), smallVm({ ref: { id: 'vm-2', name: 'b' }, name: 'b', nics: [nic({ mac }), nic({ mac })] })];
  assert.deepEqual(verdicts(rule, facts, { peers }), ['Warning nics[0].mac']);
});

test('unknown and different addresses are no duplicates', () => {
  const facts = { nics: [nic(), nic(), nic({ mac }), nic({ mac: other })] };
  assert.deepEqual(verdicts(rule, facts, { peers: [smallVm(facts)] }), []);
});
