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

function tested(manifest: VirtualMachine): Pick<VirtualMachine, 'spec'> {
  const claims = manifest.spec.template.spec.volumes.map(({ persistentVolumeClaim: { claimName } }) => claimName);
  const clones = new Map(claims.map((claim) => [claim, `${claim}-test`]));
  return testMachine(manifest, clones) as unknown as Pick<VirtualMachine, 'spec'>;
}

test('the guest of a test has its disks where it will have them; no command of its reaches a volume', () => {
  const { disks } = tested(machine()).spec.template.spec.domain.devices;
  assert.deepEqual(disks, [DISKS[0], { name: 'quorum', disk: { bus: 'scsi' } }, DISKS[2]]);
});

test('KubeVirt takes the machines of tests', async () => {
  const machines = [machine(), WINDOWS_VM].map((manifest): VirtualMachine => ({ ...manifest, ...tested(manifest) }));
  const verdicts = await admitAll(machines);
  assert.equal(verdicts.length, 2);
  for (const verdict of verdicts) assert.deepEqual(objections(verdict), []);
});
