import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMachine } from '../../../src/kube/tests/test-objects.ts';
import type { DiskDevice, VirtualMachine } from '../../../src/model/manifest.ts';

const DISKS: readonly DiskDevice[] = [
  { name: 'root', bootOrder: 1, disk: { bus: 'virtio' } },
  { name: 'quorum', lun: { bus: 'scsi', reservation: true } },
  { name: 'large-sectors', blockSize: { custom: { logical: 4096, physical: 4096 } }, disk: { bus: 'scsi' } },
];

function disksOf(asCopied: boolean): unknown {
  const volumes = DISKS.map(({ name }) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const domain = { devices: { disks: DISKS, interfaces: [] } };
  const manifest = { metadata: { name: 'web' }, spec: { template: { spec: { domain, volumes, networks: [] } } } };
  const clones = new Map(DISKS.map(({ name }) => [name, `${name}-test`]));
  const { spec } = testMachine(manifest as unknown as VirtualMachine, { clones, asCopied });
  return (spec as unknown as VirtualMachine['spec']).template.spec.domain.devices.disks;
}

test('a guest that is not converted yet finds the disks of its test on SATA, where sectors allow it', () => {
  assert.deepEqual(disksOf(true), [
    { name: 'root', bootOrder: 1, disk: { bus: 'sata' } },
    { name: 'quorum', disk: { bus: 'sata' } },
    DISKS[2],
  ]);
});

test('one that needs no conversion has them where it will have them; no command of its reaches a volume', () => {
  assert.deepEqual(disksOf(false), [DISKS[0], { name: 'quorum', disk: { bus: 'scsi' } }, DISKS[2]]);
});
