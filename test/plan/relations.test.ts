import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk, SourceVm } from '../../src/model/vm.ts';
import { relationsOf } from '../../src/plan/relations.ts';
import { fakeVm } from '../fakes/vm.ts';

const DISK: Disk = {
  key: 'scsi1:0',
  label: 'Hard disk 2',
  capacity: 1,
  format: { container: 'vmdk' },
  slot: { controller: 'scsi1', unit: 0 },
};

function vm(name: string, facts: Partial<SourceVm>): SourceVm {
  return fakeVm({ name, disks: [], ...facts });
}

function withDisk(name: string, facts: Partial<Disk>, others: Partial<SourceVm> = {}): SourceVm {
  return vm(name, { disks: [{ ...DISK, ...facts }], ...others });
}

test('VMs that name one file on one datastore share a disk', () => {
  const on = (name: string, id: string): SourceVm => withDisk(name, { file: '[x] q/q.vmdk', storage: { id, name: id } });
  assert.deepEqual(relationsOf([on('b', 'ds1'), on('a', 'ds1'), on('c', 'ds2')]), [
    { kind: 'shared-disk', key: 'ds1: [x] q/q.vmdk', members: ['fake:a', 'fake:b'] },
  ]);
});

test('packages with files of one name share nothing', () => {
  const packed = (name: string): SourceVm =>
    withDisk(
      name,
      { file: 'disk1.vmdk', storage: { id: 'f', name: 'f' } },
      { packaging: { kind: 'ova', descriptor: `${name}.ovf` } },
    );
  assert.deepEqual(relationsOf([packed('a'), packed('b')]), []);
});

test('a serial counts where the disk can be shared, and not for copies', () => {
  const copies = ['a', 'b'].map((name) => withDisk(name, { serial: '6000c29' }));
  assert.deepEqual(relationsOf(copies), []);
  const luns = ['a', 'b'].map((name) => withDisk(name, { serial: '6000c29', passthrough: 'rdm-physical' }));
  assert.equal(relationsOf(luns)[0]?.key, 'serial 6000c29');
  const cluster = { controllers: [{ key: 'scsi1', kind: 'lsisas', sharing: 'physical' }] } as const;
  assert.equal(relationsOf(['a', 'b'].map((name) => withDisk(name, { serial: '6000c29' }, cluster))).length, 1);
});

test('tags and attributes that name an application tie its VMs together, others do not', () => {
  const tagged = vm('a', {
    tags: [
      { category: 'Application', name: 'shop' },
      { category: 'Owner', name: 'eve' },
    ],
  });
  const noted = vm('b', { attributes: { app: 'shop', Owner: 'eve' } });
  assert.deepEqual(relationsOf([tagged, noted]), [{ kind: 'application', key: 'shop', members: ['fake:a', 'fake:b'] }]);
  assert.deepEqual(
    relationsOf([tagged, noted], ['owner']).map(({ key }) => key),
    ['eve'],
  );
});

test('a network ties the VMs that are plugged into it, each once', () => {
  const nic = { key: 'n', label: 'n', network: { id: 'net-1', name: 'VM Network' } };
  assert.deepEqual(relationsOf([vm('a', { nics: [nic, nic] }), vm('b', { nics: [nic] }), vm('c', {})]), [
    { kind: 'network', key: 'VM Network', members: ['fake:a', 'fake:b'] },
  ]);
});
