import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableMistakes } from '../../src/assess/table-mistakes.ts';
import { tables } from './table-verdicts.ts';

const pod = { type: 'pod' } as const;

test('tables without mistakes have none', () => {
  assert.deepEqual(tableMistakes(tables({})), []);
  assert.deepEqual(
    tableMistakes(
      tables({
        networkMap: {
          entries: [
            { source: 'LAN', target: pod },
            { source: { name: 'LAN' }, target: pod },
            { source: { name: 'LAN', vlan: 7 }, target: { type: 'multus', namespace: 'nets', name: 'vlan-7.a' } },
          ],
        },
        storageMap: {
          entries: [
            { source: '*', target: {} },
            { source: { vm: 'web' }, target: { storageClass: 'rook-ceph.rbd', accessMode: 'ReadWriteMany' } },
          ],
        },
        options: { devices: 'compatibility', namespace: 'shop', timezone: 'Europe/Berlin', instancetypes: 'exact' },
      }),
    ),
    [],
  );
});

test('all mistakes of all tables are told at once', () => {
  assert.deepEqual(
    tableMistakes(
      tables({
        networkMap: {
          entries: [
            { source: { name: 'LAN', vlan: 7 }, target: pod },
            { source: { vlan: 7, name: 'LAN' }, target: { type: 'ignored' } },
            { source: 'DMZ', target: { type: 'multus', namespace: 'My Nets', name: 'DMZ' } },
            { source: 'Lab', target: { type: 'sriov', pool: ['a', 'a'] } },
          ],
        },
        storageMap: {
          entries: [
            { source: 'fast', target: { storageClass: 'Gold Class' } },
            { source: { storage: 'fast' }, target: { accessMode: 'ReadOnlyMany' } },
          ],
        },
        facts: {
          storageClasses: [
            { name: 'rbd', provisioner: 'a' },
            { name: 'rbd', provisioner: 'b' },
          ],
        },
        options: {
          devices: 'compatibility',
          passthroughDisks: 'lun',
          namespace: 'Shop',
          timezone: 'Mars/Olympus',
          instancetypes: 'nearest',
          cpuModel: 'host-model',
          hugepages: '2Mi',
        },
      }),
    ),
    [
      'network map: entries 0 and 1 are about the same (name LAN, vlan 7).',
      'network map, entry 2: My Nets cannot be a namespace.',
      'network map, entry 2: DMZ cannot be the name of a network attachment.',
      'network map, entry 3: the pool names an attachment twice.',
      'storage map: entries 0 and 1 are about the same (storage fast).',
      'storage map, entry 0: Gold Class cannot be the name of a storage class.',
      'storage map, entry 1: a VM cannot write to a ReadOnlyMany volume.',
      'Shop cannot be a namespace.',
      'Mars/Olympus is no time zone of the IANA database.',
      'Compatible devices and LUNs contradict each other: a LUN is on virtio SCSI, which the guest would have no driver for.',
      'Instance types and a CPU model, huge pages contradict each other: KubeVirt refuses a VM with both.',
      'facts: the storage class rbd stands in them twice.',
    ],
  );
});
