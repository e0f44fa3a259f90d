import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toSurroundings } from '../../../../providers/hyperv/inventory/index.ts';
import { hostAnswer, SWITCH_ID } from '../answers.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-1111-4222-8333-444444444444`) as [string, string, string];
const LAB = '00000000-1111-4222-8333-444444444444';
const CLUSTER = {
  name: 'CL1',
  readable: true,
  nodes: [
    { name: 'HV1', fqdn: 'hv1.example.net', state: 'Up' as const },
    { name: 'hv2', fqdn: 'hv2.example.net', state: 'Paused' as const },
    { name: 'HV3', state: 'Down' as const },
  ],
  roles: [
    { vm: A, group: 'a', owner: 'HV1', antiAffinity: ['domain controllers'] },
    { vm: B, group: 'b', owner: 'HV2', antiAffinity: ['domain controllers', 'alone'] },
    { vm: C, group: 'c', owner: 'HV2' },
  ],
};
const CSV = {
  path: 'C:\\ClusterStorage\\Volume1\\',
  label: 'Cluster Disk 1',
  kind: 'csv' as const,
  size: '1000',
  free: '400',
  owner: 'HV2',
};
const FIRST = hostAnswer({
  cluster: CLUSTER,
  switches: [
    { id: SWITCH_ID, name: 'LAN', type: 'External', description: 'Intel X710' },
    { id: LAB, name: 'Lab', type: 'Internal' },
  ],
  volumes: [{ path: 'D:\\', kind: 'local', fileSystem: 'ReFS' }, CSV],
});
const SECOND = hostAnswer({
  ...{ name: 'HV2', fqdn: 'hv2.example.net', product: null, cluster: CLUSTER },
  switches: [
    { id: A, name: 'LAN', type: 'External' },
    { id: B, name: 'Lab', type: 'Internal' },
  ],
  volumes: [
    { path: 'D:\\', kind: 'local', fileSystem: 'NTFS' },
    { ...CSV, path: 'c:\\clusterstorage\\volume1\\' },
  ],
});

describe('the surroundings of a cluster', () => {
  const { networks, storages, hosts, relations } = toSurroundings([FIRST, SECOND]);

  it('hold an external switch once by its name, and internal ones once for each host', () => {
    assert.deepEqual(networks, [
      { id: 'LAN', name: 'LAN', kind: 'hyperv-external', switchName: 'LAN', description: 'Intel X710' },
      { id: LAB, name: 'Lab', kind: 'hyperv-internal', switchName: 'Lab' },
      { id: B, name: 'Lab', kind: 'hyperv-internal', switchName: 'Lab' },
    ]);
  });

  it('hold a cluster shared volume once, and volumes of hosts by their host', () => {
    assert.deepEqual(storages, [
      { id: 'hv1 d:', name: 'HV1 D:', kind: 'refs' },
      { id: 'c:\\clusterstorage\\volume1', name: 'C:\\ClusterStorage\\Volume1', kind: 'csv', capacity: 1000, free: 400 },
      { id: 'hv2 d:', name: 'HV2 D:', kind: 'ntfs' },
    ]);
  });

  it('hold every node, also those that do not answer', () => {
    assert.deepEqual(hosts, [
      {
        ...{ id: 'HV1', name: 'hv1.example.net', product: 'Microsoft Windows Server 2022 Datacenter (10.0.20348)' },
        ...{ cluster: 'CL1', connection: 'connected', maintenance: false },
      },
      {
        ...{ id: 'HV2', name: 'hv2.example.net', product: '10.0.20348', cluster: 'CL1' },
        ...{ connection: 'connected', maintenance: true },
      },
      { id: 'HV3', name: 'HV3', cluster: 'CL1', connection: 'notResponding' },
    ]);
  });

  it('keep apart the VMs that share an anti-affinity class name', () => {
    assert.deepEqual(relations, [{ kind: 'anti-affinity', key: 'domain controllers', members: [A, B] }]);
  });
});

describe('the surroundings of a host that stands alone', () => {
  it('are its own', () => {
    const { hosts, relations } = toSurroundings([hostAnswer()]);
    assert.equal(relations, undefined);
    assert.deepEqual(hosts, [
      {
        ...{ id: 'HV1', name: 'hv1.example.net', product: 'Microsoft Windows Server 2022 Datacenter (10.0.20348)' },
        connection: 'connected',
      },
    ]);
  });
});
