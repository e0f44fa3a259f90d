import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterFacts } from '../../src/model/cluster-facts.ts';
import type { DiskDevice } from '../../src/model/manifest.ts';
import { mapSmall } from './map-small.ts';
import { disk } from './small-vm.ts';

function busOf(device: DiskDevice | undefined): string | undefined {
  return device !== undefined && 'disk' in device ? device.disk.bus : undefined;
}

test('disks keep their order, and every one has a place in the boot order', () => {
  const disks = [disk({ key: 'a' }), disk({ key: 'b', bootOrder: 1 }), disk({ key: 'c' })];
  const { domain, machine } = mapSmall({ disks });
  assert.deepEqual(
    domain.devices.disks.map(({ name, bootOrder }) => [name, bootOrder]),
    [
      ['disk-0', 2],
      ['disk-1', 1],
      ['disk-2', 3],
    ],
  );
  assert.deepEqual(
    machine.spec.template.spec.volumes.map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim.claimName]),
    [
      ['disk-0', 'web-disk-0'],
      ['disk-1', 'web-disk-1'],
      ['disk-2', 'web-disk-2'],
    ],
  );
});

test('the boot order of the firmware may name disks by label and the network', () => {
  const { domain } = mapSmall({
    firmware: { bootOrder: ['cdrom', 'network', 'Hard disk 2', 'disk'] },
    disks: [disk({ key: 'a', label: 'Hard disk 1' }), disk({ key: 'b', label: 'Hard disk 2' })],
    nics: [{ key: 'n', label: 'NIC' }],
  });
  assert.deepEqual(
    domain.devices.disks.map(({ bootOrder }) => bootOrder),
    [3, 2],
  );
  assert.equal(domain.devices.interfaces[0]?.bootOrder, 1);
});

test('disks are virtio, or SATA for a guest without drivers', () => {
  assert.equal(busOf(mapSmall({ disks: [disk()] }).domain.devices.disks[0]), 'virtio');
  assert.equal(busOf(mapSmall({ disks: [disk()] }, { options: { devices: 'compatibility' } }).domain.devices.disks[0]), 'sata');
});

test('beyond twenty disks the rest share a SCSI controller, except the one that boots', () => {
  const disks = Array.from({ length: 23 }, (_, index) => disk({ key: `d${index}`, ...(index === 22 ? { bootOrder: 0 } : {}) }));
  const buses = mapSmall({ disks }).domain.devices.disks.map(busOf);
  assert.deepEqual(buses.slice(19), ['virtio', 'scsi', 'scsi', 'virtio']);
});

test('4096-byte sectors are kept, on virtio even where SATA was asked for', () => {
  const { domain, concerns } = mapSmall({ disks: [disk({ sectorSize: 4096 })] }, { options: { devices: 'compatibility' } });
  assert.deepEqual(domain.devices.disks[0]?.blockSize, { custom: { logical: 4096, physical: 4096 } });
  assert.equal(busOf(domain.devices.disks[0]), 'virtio');
  assert.ok(concerns.includes('disk-sector-bus'));
});

test('serials lose the characters that KubeVirt refuses', () => {
  const serials = mapSmall({ disks: [disk({ serial: '6000C290-1111 2222' }), disk({ serial: ' / ' })] }).domain.devices.disks.map(
    ({ serial }) => serial,
  );
  assert.deepEqual(serials, ['6000C290-11112222', undefined]);
});

test('a shared disk is shareable, uncached and ReadWriteMany', () => {
  const { domain, claims, concerns } = mapSmall({ disks: [disk({ shared: true })] });
  assert.deepEqual([domain.devices.disks[0]?.shareable, domain.devices.disks[0]?.cache], [true, 'none']);
  assert.deepEqual([claims[0]?.spec.accessModes, claims[0]?.spec.volumeMode], [['ReadWriteMany'], 'Block']);
  assert.deepEqual(concerns, ['storage-shared-unfit']);
});

test('a CD-ROM drive arrives empty, on SATA, and its medium is named as dropped', () => {
  const facts = { kubevirtVersion: '1.9.0' };
  const { domain, machine, decisionOn } = mapSmall(
    { disks: [disk()], cdroms: [{ key: 'ide1:0', media: 'install.iso' }] },
    { facts },
  );
  assert.deepEqual(domain.devices.disks[1], { name: 'cdrom-0', cdrom: { bus: 'sata' } });
  assert.equal(machine.spec.template.spec.volumes.length, 1);
  assert.equal(decisionOn('cdroms[0].media').outcome, 'dropped');
});

test('an empty CD-ROM drive is left out where KubeVirt may refuse it', () => {
  const drives = (facts: ClusterFacts): number =>
    mapSmall({ cdroms: [{ key: 'ide1:0' }] }, { facts }).domain.devices.disks.length;
  assert.equal(drives({}), 0);
  assert.equal(drives({ kubevirtVersion: 'v1.8.2', featureGates: [] }), 0);
  assert.equal(drives({ kubevirtVersion: 'v1.9.0', disabledFeatureGates: ['DeclarativeHotplugVolumes'] }), 0);
  assert.equal(drives({ kubevirtVersion: 'v1.8.2', featureGates: ['DeclarativeHotplugVolumes'] }), 1);
  assert.equal(drives({ kubevirtVersion: 'v1.10.0' }), 1);
  const { decisionOn } = mapSmall({ cdroms: [{ key: 'ide1:0' }] });
  assert.match(decisionOn('cdroms[0].key').because, /not known/);
});

test('old Linux gets transitional virtio devices', () => {
  assert.equal(mapSmall({ guest: { osId: 'centos6-64' } }).domain.devices.useVirtioTransitional, true);
  assert.equal(mapSmall({ guest: { osId: 'centos7-64' } }).domain.devices.useVirtioTransitional, undefined);
});
