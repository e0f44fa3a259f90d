import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/tables/map-target-missing.ts';
import { tableFindings, tableVerdicts } from '../table-verdicts.ts';

const maps = {
  networkMap: {
    entries: [
      { source: 'LAN', target: { type: 'multus', namespace: 'nets', name: 'lan' } },
      { source: 'DMZ', target: { type: 'sriov', pool: ['a', 'b'] } },
    ],
  },
  storageMap: { entries: [{ source: '*', target: { storageClass: 'gold' } }] },
} as const;

test('classes and attachments that the cluster does not have are critical, all at once', () => {
  const found = tableFindings(rule, {
    ...maps,
    facts: {
      storageClasses: [{ name: 'silver', provisioner: 'p' }],
      networkAttachments: [{ namespace: 'vms', name: 'a' }],
    },
    options: { devices: 'virtio', namespace: 'vms' },
  });
  assert.deepEqual(
    found.map(({ subject, assessment }) => `${subject} ${assessment}`),
    [
      'storageMap.entries[0].target The cluster has no storage class gold. It has silver.',
      'networkMap.entries[0].target The cluster has no network attachment nets/lan.',
      'networkMap.entries[1].target The cluster has no network attachment vms/b.',
    ],
  );
});

test('without facts, or without a namespace, nobody knows', () => {
  assert.deepEqual(tableVerdicts(rule, maps), []);
  assert.deepEqual(tableVerdicts(rule, { ...maps, facts: { networkAttachments: [{ namespace: 'nets', name: 'lan' }] } }), []);
});
