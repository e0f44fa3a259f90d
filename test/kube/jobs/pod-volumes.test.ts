import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podVolumes } from '../../../src/kube/jobs/pod-volumes.ts';

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
