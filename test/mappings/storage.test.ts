import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimSize } from '../../mappings/storage.ts';
import type { ClusterFacts } from '../../src/model/cluster-facts.ts';
import { GiB, MiB } from '../../src/model/units.ts';
import { mapSmall } from './map-small.ts';
import { disk } from './small-vm.ts';

const facts: ClusterFacts = {
  storageClasses: [
    {
      name: 'rbd',
      provisioner: 'rbd.csi.ceph.com',
      claimProperties: [
        { accessMode: 'ReadWriteMany', volumeMode: 'Block' },
        { accessMode: 'ReadWriteOnce', volumeMode: 'Filesystem' },
      ],
    },
    {
      name: 'nfs',
      provisioner: 'nfs',
      isDefault: true,
      filesystemOverhead: 0.1,
      claimProperties: [{ accessMode: 'ReadWriteMany', volumeMode: 'Filesystem' }],
    },
  ],
};
const disks = [disk({ capacity: GiB, storage: { id: 'ds-1', name: 'fast' } })];

test('block volumes are the disk rounded up to a MiB', () => {
  assert.equal(claimSize(GiB, 'Block', { overhead: 0.06 }), GiB);
  assert.equal(claimSize(GiB + 1, 'Block', { overhead: 0.06 }), GiB + MiB);
  assert.equal(claimSize(0, 'Block', { overhead: 0.06 }), MiB);
});

test('file systems get their overhead on top, in whole MiB', () => {
  assert.equal(claimSize(GiB, 'Filesystem', { overhead: 0.06 }), 1086 * MiB);
  assert.equal(claimSize(100 * MiB, 'Filesystem', { overhead: 0 }), 100 * MiB);
});

test('where nothing is known, ReadWriteOnce on a file system is asked of the default class, and a concern says so', () => {
  const { claims, concerns, machine } = mapSmall({ disks });
  assert.deepEqual(claims[0]?.spec, {
    accessModes: ['ReadWriteOnce'],
    volumeMode: 'Filesystem',
    resources: { requests: { storage: '1086Mi' } },
  });
  assert.deepEqual(concerns, ['storage-mode-unknown']);
  assert.equal(machine.spec.template.spec.evictionStrategy, 'LiveMigrateIfPossible');
});

test('the map names the class and the facts tell its best mode', () => {
  const { claims, concerns, machine } = mapSmall(
    { disks },
    { facts, storageMap: { entries: [{ source: 'fast', target: { storageClass: 'rbd' } }] } },
  );
  assert.deepEqual(claims[0]?.spec, {
    accessModes: ['ReadWriteMany'],
    volumeMode: 'Block',
    storageClassName: 'rbd',
    resources: { requests: { storage: '1Gi' } },
  });
  assert.deepEqual(concerns, []);
  assert.equal(machine.spec.template.spec.evictionStrategy, 'LiveMigrate');
});

test('an entry by name or id goes before the one for all others', () => {
  const entries = [
    { source: '*', target: { storageClass: 'nfs' } },
    { source: 'ds-1', target: { storageClass: 'rbd' } },
  ];
  assert.equal(mapSmall({ disks }, { storageMap: { entries } }).claims[0]?.spec.storageClassName, 'rbd');
  assert.equal(mapSmall({ disks: [disk()] }, { storageMap: { entries } }).claims[0]?.spec.storageClassName, 'nfs');
});

test('without an entry the default class’s facts count, its overhead included', () => {
  const { claims } = mapSmall({ disks }, { facts });
  assert.deepEqual(claims[0]?.spec, {
    accessModes: ['ReadWriteMany'],
    volumeMode: 'Filesystem',
    resources: { requests: { storage: '1127Mi' } },
  });
});

test('a mode of the map wins, and the class completes it', () => {
  const { claims } = mapSmall(
    { disks },
    { facts, storageMap: { entries: [{ source: '*', target: { storageClass: 'rbd', volumeMode: 'Filesystem' } }] } },
  );
  assert.deepEqual([claims[0]?.spec.volumeMode, claims[0]?.spec.accessModes], ['Filesystem', ['ReadWriteOnce']]);
});

test('a class that the cluster does not have is critical', () => {
  const { mapping } = mapSmall(
    { disks },
    { facts, storageMap: { entries: [{ source: '*', target: { storageClass: 'gone' } }] } },
  );
  assert.equal(mapping.concerns.find(({ id }) => id === 'storage-class-missing')?.category, 'Critical');
});
