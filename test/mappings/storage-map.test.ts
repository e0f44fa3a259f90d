import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTarget } from '../../mappings/storage-map.ts';
import type { StorageMap, StorageSource } from '../../src/model/mapping.ts';
import { mapSmall } from './map-small.ts';
import { disk, smallVm } from './small-vm.ts';

const DISK = disk({ key: 'scsi0:1', label: 'Hard disk 2', storage: { id: 'ds-1', name: 'fast' }, storagePolicy: 'gold' });
const VM = smallVm({ ref: { id: 'vm-7', name: 'web' }, name: 'web', disks: [DISK] });

/** A map whose classes are named after the places of the entries. */
function mapOf(...sources: readonly StorageSource[]): StorageMap {
  return { entries: sources.map((source, place) => ({ source, target: { storageClass: `${place}` } })) };
}

function classOf(...sources: readonly StorageSource[]): string | undefined {
  return findTarget(VM, DISK, mapOf(...sources)).target.storageClass;
}

test('what says most decides: disk, VM, policy, storage, everything else', () => {
  const all: readonly StorageSource[] = ['*', 'fast', { policy: 'gold' }, { vm: 'web' }, { disk: 'scsi0:1' }];
  for (let count = 1; count <= all.length; count += 1) assert.equal(classOf(...all.slice(0, count)), `${count - 1}`);
  assert.equal(classOf(...all, { vm: 'vm-7', disk: 'Hard disk 2' }), '5');
});

test('all that an entry says must fit, and of equals the first decides', () => {
  assert.equal(classOf('*', { vm: 'db', disk: 'scsi0:1' }, { policy: 'gold', storage: 'slow' }), '0');
  assert.equal(classOf('ds-1', 'fast'), '0');
  assert.equal(classOf('other'), undefined);
});

test('the decision names the policy where the policy decided', () => {
  const { decisionOn } = mapSmall({ disks: [DISK] }, { storageMap: mapOf({ policy: 'gold' }) });
  assert.deepEqual([decisionOn('disks[0].storagePolicy').value, decisionOn('disks[0].storage').outcome], ['0', 'dropped']);
});

test('the table of provisioners counts where there is no profile of the class, and says why', () => {
  const known = { name: '0', provisioner: 'rbd.csi.ceph.com', claimProperties: [] };
  const { claims, mapping, concerns } = mapSmall(
    { disks: [DISK] },
    { storageMap: mapOf('*'), facts: { storageClasses: [known] } },
  );
  assert.deepEqual([claims[0]?.spec.accessModes, claims[0]?.spec.volumeMode], [['ReadWriteMany'], 'Block']);
  assert.match(mapping.decisions.find(({ rule }) => rule === 'claim-mode')?.because ?? '', /Ceph RBD/);
  assert.deepEqual(concerns, []);
});

test('a mode that the class does not offer is written, with a concern', () => {
  const facts = { storageClasses: [{ name: '0', provisioner: 'ebs.csi.aws.com' }] };
  const storageMap: StorageMap = { entries: [{ source: '*', target: { storageClass: '0', accessMode: 'ReadWriteMany' } }] };
  assert.deepEqual(mapSmall({ disks: [DISK] }, { facts, storageMap }).concerns, ['storage-mode-unfit']);
});

test('a claim is never smaller than the provisioner makes them', () => {
  const facts = { storageClasses: [{ name: '0', provisioner: 'ebs.csi.aws.com', minimumSize: 4 * 2 ** 30 }] };
  const { claims } = mapSmall({ disks: [DISK] }, { facts, storageMap: mapOf('*') });
  assert.equal(claims[0]?.spec.resources.requests.storage, '4Gi');
});

test('space is taken from the start where the map, or the source by option, says so', () => {
  const annotated = (provisioning: 'thin' | 'thick-eager', preallocate?: boolean): boolean => {
    const target = preallocate === undefined ? {} : { preallocate };
    const { claims } = mapSmall(
      { disks: [{ ...DISK, provisioning }] },
      { storageMap: { entries: [{ source: '*', target }] }, options: { devices: 'virtio', allocation: 'as-source' } },
    );
    return claims[0]?.metadata.annotations?.['kubeferry.dev/storage.preallocation'] === 'true';
  };
  assert.deepEqual(
    [annotated('thin'), annotated('thick-eager'), annotated('thin', true), annotated('thick-eager', false)],
    [false, true, true, false],
  );
});
