import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapVm } from '../../mappings/index.ts';
import { findSharedDisks } from '../../mappings/shared-disks.ts';
import type { Mapping } from '../../src/model/mapping.ts';
import type { Disk, SourceVm } from '../../src/model/vm.ts';
import { disk, smallVm } from './small-vm.ts';

const QUORUM: Partial<Disk> = { key: 'scsi1:0', shared: true, storage: { id: 'ds-1', name: 'san' }, file: '[san] a/quorum.vmdk' };

function node(id: string, quorum: Partial<Disk> = QUORUM, facts: Partial<SourceVm> = {}): SourceVm {
  return smallVm({ ref: { id, name: id }, name: id, disks: [disk(), disk(quorum)], ...facts });
}

function mapAll(vms: readonly SourceVm[]): readonly Mapping[] {
  const context = {
    networkMap: { entries: [] },
    storageMap: { entries: [] },
    facts: {},
    options: { devices: 'virtio' },
    sharedDisks: findSharedDisks(vms),
  } as const;
  return vms.map((vm) => mapVm(vm, { ...context, name: vm.name }));
}

function claimsOf({ manifests }: Mapping): readonly string[] {
  return manifests.filter(({ kind }) => kind === 'PersistentVolumeClaim').map(({ metadata }) => metadata.name);
}

test('one claim for all VMs that name a shared disk, made and filled with one of them, whatever their order', () => {
  const vms = [node('b'), node('a'), node('c')];
  const mappings = mapAll(vms);
  const shared = mappings[0]?.placements[1]?.claim ?? '';
  assert.match(shared, /^shared-quorum-[0-9a-f]{10}$/);
  for (const { placements } of mappings) assert.deepEqual(placements[1], { disk: 'scsi1:0', claim: shared, filledBy: 'a' });
  assert.deepEqual(mappings.map(claimsOf), [['b-disk-0'], ['a-disk-0', shared], ['c-disk-0']]);
  for (const mapping of mappings) {
    const machine = mapping.manifests.at(-1);
    assert.ok(machine?.kind === 'VirtualMachine');
    const { domain, volumes } = machine.spec.template.spec;
    assert.deepEqual([domain.devices.disks[1]?.shareable, domain.devices.disks[1]?.cache], [true, 'none']);
    assert.equal(volumes[1]?.persistentVolumeClaim.claimName, shared);
  }
  assert.equal(mapAll([node('z'), node('a')])[0]?.placements[1]?.claim, shared, 'the name depends on the disk alone');
});

test('a LUN is the same disk although each VM has a mapping file of its own', () => {
  const lun = { key: 'scsi1:0', passthrough: 'rdm-physical', lun: 'naa.1' } as const;
  const vms = [node('a', { ...lun, file: '[san] a/q.vmdk' }), node('b', { ...lun, file: '[san] b/q.vmdk' })];
  assert.equal(findSharedDisks(vms).size, 2);
});

test('equal files are no shared disk in packages, without a word that they are shared, or in one VM', () => {
  const packaging = { kind: 'ova', descriptor: 'x.ovf' } as const;
  assert.equal(findSharedDisks([node('a', QUORUM, { packaging }), node('b', QUORUM, { packaging })]).size, 0);
  const { shared: _shared, ...silent } = QUORUM;
  assert.equal(findSharedDisks([node('a', silent), node('b', silent)]).size, 0);
  assert.equal(findSharedDisks([node('a')]).size, 0);
});
