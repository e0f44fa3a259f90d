import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMachine } from '../../../src/kube/tests/test-objects.ts';
import type { DiskDevice, VirtualMachine } from '../../../src/model/manifest.ts';
import { admitAll, objections } from '../../peers/kubevirt.ts';
import { LINUX_VM, WINDOWS_VM } from '../../peers/specimens.ts';

const DISKS: readonly DiskDevice[] = [
  { name: 'root', bootOrder: 1, disk: { bus: 'virtio' } },
  { name: 'quorum', lun: { bus: 'scsi', reservation: true } },
  { name: 'large-sectors', blockSize: { custom: { logical: 4096, physical: 4096 } }, disk: { bus: 'scsi' } },
];

/** A Linux machine with these disks. */
function machine(): VirtualMachine {
  const { template } = LINUX_VM.spec;
  const volumes = DISKS.map(({ name }) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const devices = { ...template.spec.domain.devices, disks: DISKS };
  const spec = { ...template.spec, volumes, domain: { ...template.spec.domain, devices } };
  return { ...LINUX_VM, spec: { ...LINUX_VM.spec, template: { ...template, spec } } };
}

function tested(manifest: VirtualMachine, asCopied: boolean): Pick<VirtualMachine, 'spec'> {
  const claims = manifest.spec.template.spec.volumes.map(({ persistentVolumeClaim: { claimName } }) => claimName);
  const clones = new Map(claims.map((claim) => [claim, `${claim}-test`]));
  return testMachine(manifest, { clones, asCopied }) as unknown as Pick<VirtualMachine, 'spec'>;
}

function disksOf(asCopied: boolean): readonly DiskDevice[] {
  return tested(machine(), asCopied).spec.template.spec.domain.devices.disks;
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

test('KubeVirt takes the machines of tests, with the disks of the guest as it was copied and as it will be', async () => {
  const machines = [machine(), WINDOWS_VM].flatMap((manifest) =>
    [true, false].map((asCopied): VirtualMachine => ({ ...manifest, ...tested(manifest, asCopied) })),
  );
  const verdicts = await admitAll(machines);
  assert.equal(verdicts.length, 4);
  for (const verdict of verdicts) assert.deepEqual(objections(verdict), []);
});
