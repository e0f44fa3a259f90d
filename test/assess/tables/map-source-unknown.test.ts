import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/tables/map-source-unknown.ts';
import type { StorageSource } from '../../../src/model/mapping.ts';
import { tableFindings, tableVerdicts } from '../table-verdicts.ts';

const pod = { type: 'pod' } as const;

test('a network that no NIC is on is a warning, with the name that may be meant', () => {
  const entries = [{ source: 'LAM', target: pod }];
  assert.deepEqual(
    tableFindings(rule, { networkMap: { entries } }).map(({ subject, assessment }) => [subject, assessment]),
    [['networkMap.entries[0].source', 'No NIC is on LAM. Is LAN meant?']],
  );
});

test('networks by name, id or VLAN are found, with all that is given', () => {
  const entries = [
    { source: 'LAN', target: pod },
    { source: 'n-2', target: pod },
    { source: { vlan: 7 }, target: pod },
    { source: { name: 'LAN', vlan: 7 }, target: pod },
    { source: { vlan: 8 }, target: pod },
  ];
  assert.deepEqual(tableVerdicts(rule, { networkMap: { entries } }), [
    'Warning networkMap.entries[3].source',
    'Warning networkMap.entries[4].source',
  ]);
});

test('storages, policies, VMs and disks that nobody has are warnings', () => {
  const sources: readonly StorageSource[] = [
    '*',
    'fast',
    'ds-2',
    { policy: 'gold', vm: 'db', disk: 'Hard disk 2' },
    'fats',
    { policy: 'silver' },
    { vm: 'dc' },
    { storage: 'slow', disk: 'scsi9:9' },
  ];
  const found = tableFindings(rule, { storageMap: { entries: sources.map((source) => ({ source, target: {} })) } });
  assert.deepEqual(
    found.map(({ subject, assessment }) => `${subject} ${assessment}`),
    [
      'storageMap.entries[4].source No storage with a disk is called fats. Is fast meant?',
      'storageMap.entries[5].source No storage policy of a disk is called silver.',
      'storageMap.entries[6].source No VM is called dc. Is db meant?',
      'storageMap.entries[7].source No disk is called scsi9:9. Is scsi0:0 meant?',
    ],
  );
});
