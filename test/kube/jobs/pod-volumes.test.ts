import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convertedJournal, convertedPath, podVolumes } from '../../../src/kube/jobs/pod-volumes.ts';

test('claims with shares of a source are mounted by their names, and only read', () => {
  const volumes = podVolumes({ shares: ['csv-1', 'csv.two'] }).filter(({ volume }) => volume.name.startsWith('share'));
  assert.deepEqual(volumes, [
    {
      volume: { name: 'share-0', persistentVolumeClaim: { claimName: 'csv-1', readOnly: true } },
      mount: { name: 'share-0', mountPath: '/shares/csv-1', readOnly: true },
    },
    {
      volume: { name: 'share-1', persistentVolumeClaim: { claimName: 'csv.two', readOnly: true } },
      mount: { name: 'share-1', mountPath: '/shares/csv.two', readOnly: true },
    },
  ]);
});

test('all disks of a guest are at hand, with what has to outlive the Pod, its keys and its drivers', () => {
  const disks = [
    { claim: 'web-0', block: false },
    { claim: 'web-1', block: true, journal: 'web-1-journal' },
  ];
  const converted = { disks, scratch: 'web-guest', keys: 'luks', virtioWin: 'drivers' };
  const volumes = podVolumes({ converted }).filter(({ volume }) => !['order', 'tmp'].includes(volume.name));
  assert.deepEqual(
    volumes.map(({ volume, mount, device }) => [volume.name, mount?.mountPath ?? device?.devicePath, mount?.readOnly === true]),
    [
      ['disk-0', '/disks/0', false],
      ['disk-1', '/dev/kubeferry-disk-1', false],
      ['journal-1', '/journals/1', false],
      ['conversion', '/conversion', false],
      ['keys', '/kubeferry/keys', true],
      ['virtio-win', '/virtio-win', true],
    ],
  );
  assert.deepEqual(
    disks.map((disk, index) => convertedPath(index, disk)),
    ['/disks/0/disk.img', '/dev/kubeferry-disk-1'],
  );
  assert.deepEqual(
    disks.map((disk, index) => convertedJournal(index, disk)),
    ['/disks/0/disk.img.journal', '/journals/1/journal'],
  );
});
