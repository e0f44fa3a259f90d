import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GiB, MiB } from '../../src/model/units.ts';
import { mapSmall } from './map-small.ts';

test('the split into sockets and cores is kept, without room for more', () => {
  assert.deepEqual(mapSmall({ cpu: { count: 8, coresPerSocket: 4 } }).domain.cpu, {
    sockets: 2,
    cores: 4,
    threads: 1,
    maxSockets: 2,
  });
});

test('VMware means one core a socket where it says nothing, others get one socket', () => {
  assert.deepEqual(mapSmall({ cpu: { count: 4 }, platform: { vendor: 'vmware' } }).domain.cpu, {
    sockets: 4,
    cores: 1,
    threads: 1,
    maxSockets: 4,
  });
  assert.deepEqual(mapSmall({ cpu: { count: 4 }, platform: { vendor: 'virtualbox' } }).domain.cpu, {
    sockets: 1,
    cores: 4,
    threads: 1,
    maxSockets: 1,
  });
});

test('a split that does not divide becomes one socket, as a change', () => {
  const { domain, decisionOn } = mapSmall({ cpu: { count: 6, coresPerSocket: 4 } });
  assert.deepEqual(domain.cpu, { sockets: 1, cores: 6, threads: 1, maxSockets: 1 });
  assert.equal(decisionOn('cpu.coresPerSocket').outcome, 'changed');
  assert.equal(decisionOn('cpu.count').outcome, 'kept');
});

test('hot-add leaves room for four times as many sockets, 512 virtual CPUs at most', () => {
  assert.equal(mapSmall({ cpu: { count: 4, coresPerSocket: 2, hotAdd: true } }).domain.cpu?.maxSockets, 8);
  assert.equal(mapSmall({ cpu: { count: 256, coresPerSocket: 64, hotAdd: true } }).domain.cpu?.maxSockets, 8);
  assert.equal(mapSmall({ cpu: { count: 600, coresPerSocket: 1, hotAdd: true } }).domain.cpu?.maxSockets, 600);
});

test('nested virtualisation asks for what the nodes have, and for either where that is not known', () => {
  const nested = (vendors: readonly string[] | undefined): unknown => {
    const nodes = { count: 3, largest: { cpus: 64, memory: 256 * GiB }, ...(vendors === undefined ? {} : { vendors }) };
    return mapSmall({ cpu: { nestedVirtualization: true } }, { facts: { nodes } }).domain.cpu?.features;
  };
  const either = [
    { name: 'vmx', policy: 'optional' },
    { name: 'svm', policy: 'optional' },
  ];
  assert.deepEqual(nested(['Intel']), [{ name: 'vmx', policy: 'require' }]);
  assert.deepEqual(nested(['AMD']), [{ name: 'svm', policy: 'require' }]);
  assert.deepEqual([nested(['Intel', 'AMD']), nested([]), nested(undefined)], [either, either, either]);
  assert.equal(mapSmall({ cpu: { nestedVirtualization: false } }).domain.cpu?.features, undefined);
});

test('options go before what the source says, and the decision says so', () => {
  const { domain, decisionOn } = mapSmall(
    { cpu: { count: 8, coresPerSocket: 4 }, memory: { size: GiB } },
    { options: { devices: 'virtio', cpus: 4, memory: 3 * GiB } },
  );
  assert.deepEqual([domain.cpu?.sockets, domain.cpu?.cores, domain.memory?.guest], [1, 4, '3Gi']);
  assert.match(decisionOn('cpu.count').because, /option/);
  assert.match(decisionOn('memory.size').because, /option/);
});

test('memory is exact, rounded up to a MiB only where it must be', () => {
  assert.deepEqual(mapSmall({ memory: { size: 1537 * MiB } }).domain.memory, { guest: '1537Mi' });
  const odd = mapSmall({ memory: { size: GiB + 1 } });
  assert.equal(odd.domain.memory?.guest, '1025Mi');
  assert.equal(odd.decisionOn('memory.size').outcome, 'changed');
});

test('memory hot-add is kept only where KubeVirt takes it, and no limit is written elsewhere', () => {
  assert.equal(mapSmall({ memory: { size: 2 * GiB, hotAdd: true } }).domain.memory?.maxGuest, '8Gi');
  for (const size of [512 * MiB, GiB + MiB]) {
    for (const memory of [{ size }, { size, hotAdd: false }, { size, hotAdd: true }]) {
      assert.equal(mapSmall({ memory }).domain.memory?.maxGuest, undefined);
    }
  }
});

test('the cluster may allow more or less head room than KubeVirt by itself', () => {
  const facts = { defaults: { maxHotplugRatio: 2 } };
  const { domain } = mapSmall({ cpu: { count: 2, hotAdd: true }, memory: { size: GiB, hotAdd: true } }, { facts });
  assert.deepEqual([domain.cpu?.maxSockets, domain.memory?.maxGuest], [2, '2Gi']);
});
