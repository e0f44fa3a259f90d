import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/tables/map-source-ambiguous.ts';
import { disk, nic, smallVm } from '../../mappings/small-vm.ts';
import { tableVerdicts } from '../table-verdicts.ts';

const twins = [
  smallVm({
    nics: [nic({ network: { id: 'n-1', name: 'LAN' } }), nic({ network: { id: 'n-2', name: 'LAN' } })],
    disks: [disk({ storage: { id: 'ds-1', name: 'local' } }), disk({ storage: { id: 'ds-2', name: 'local' } })],
  }),
];
const pod = { type: 'pod' } as const;

test('a name that several networks or storages have is a warning', () => {
  const maps = {
    networkMap: { entries: [{ source: 'LAN', target: pod }] },
    storageMap: { entries: [{ source: { storage: 'local' }, target: {} }] },
  };
  assert.deepEqual(tableVerdicts(rule, maps, twins), [
    'Warning networkMap.entries[0].source',
    'Warning storageMap.entries[0].source',
  ]);
});

test('an id is never ambiguous, and one network on several VLANs is one', () => {
  const vlans = [smallVm({ nics: [5, 6].map((vlan) => nic({ network: { id: 'switch', name: 'Switch', vlan } })) })];
  assert.deepEqual(tableVerdicts(rule, { networkMap: { entries: [{ source: 'n-1', target: pod }] } }, twins), []);
  assert.deepEqual(tableVerdicts(rule, { networkMap: { entries: [{ source: 'Switch', target: pod }] } }, vlans), []);
});
