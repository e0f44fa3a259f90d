import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealedDisks, withoutShared } from '../../../src/kube/plans/sealed-disks.ts';

const ROOT = 'ab'.repeat(32);
const COMPLETE = {
  stage: 'complete',
  capacity: 4096,
  allocated: 512,
  moved: 512,
  seconds: 2,
  transport: 'range',
  blockSize: 65536,
};

function migration(vm: string, status: object, disks: readonly object[]) {
  return { metadata: { namespace: 'plans', name: vm }, status: { targetName: vm, targetNamespace: 'vms', ...status, disks } };
}

test('a disk that is complete has the proof that its status holds, on its claim in the namespace of the VM', () => {
  const [disk] = sealedDisks(
    migration('web', { phase: 'Completed' }, [{ disk: 'scsi0:0', claim: 'web-disk-0', root: ROOT, ...COMPLETE }]),
  );
  assert.deepEqual(disk, {
    ...{ id: 'web/scsi0:0', vm: 'web', disk: 'scsi0:0', namespace: 'vms', claim: 'web-disk-0' },
    result: {
      ...{ job: 'web/scsi0:0', size: 4096, allocated: 512, moved: 512, seconds: 2, transport: 'range' },
      proof: { algorithm: 'sha256', blockSize: 65536, root: ROOT, size: 4096, allocated: 512 },
    },
  });
});

test('a disk that is under way has no result, and one that was moved without verifying no proof', () => {
  const [copied, unproven] = sealedDisks(
    migration('web', { phase: 'CopyDisks' }, [
      { disk: 'scsi0:0', claim: 'web-disk-0', ...COMPLETE, stage: 'copy' },
      { disk: 'scsi0:1', claim: 'web-disk-1', ...COMPLETE },
    ]),
  );
  assert.equal(copied?.result, undefined);
  assert.equal(unproven?.result?.size, 4096);
  assert.equal(unproven?.result?.proof, undefined);
});

test('nothing is expected of a VM that was canceled, or has not begun', () => {
  const disks = [{ disk: 'scsi0:0', claim: 'web-disk-0', ...COMPLETE }];
  assert.deepEqual(sealedDisks(migration('web', { phase: 'Canceled' }, disks)), []);
  assert.deepEqual(sealedDisks({ metadata: { name: 'web' } }), []);
});

test('a claim that VMs share is looked at once, as the disk of the VM that it was copied with', () => {
  const shared = { disk: 'scsi1:0', claim: 'quorum' };
  const all = [
    ...sealedDisks(migration('one', {}, [{ ...shared, stage: 'waiting', capacity: 4096 }])),
    ...sealedDisks(migration('two', {}, [{ ...shared, root: ROOT, ...COMPLETE }])),
  ];
  assert.deepEqual(
    withoutShared(all).map(({ vm }) => vm),
    ['two'],
  );
});
