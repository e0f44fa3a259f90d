import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterFacts } from '../../src/model/cluster-facts.ts';
import type { MappingOptions } from '../../src/model/mapping.ts';
import { GiB, MiB } from '../../src/model/units.ts';
import { mapSmall } from './map-small.ts';

const LADDER: ClusterFacts = {
  instancetypes: [
    { name: 'u1.large', cpus: 2, memory: 8 * GiB },
    { name: 'u1.xlarge', cpus: 4, memory: 16 * GiB },
    { name: 'm1.large', cpus: 2, memory: 16 * GiB },
  ],
};

function options(given: Partial<MappingOptions>): { options: MappingOptions } {
  return { options: { devices: 'virtio', ...given } };
}

test('an instance type takes the place of CPU and memory, only by option and only where one fits', () => {
  const vm = { cpu: { count: 2 }, memory: { size: 8 * GiB } };
  assert.equal(mapSmall(vm, { facts: LADDER }).machine.spec.instancetype, undefined);
  const exact = mapSmall(vm, { facts: LADDER, ...options({ instancetypes: 'exact' }) });
  assert.equal(exact.machine.spec.instancetype?.name, 'u1.large');
  assert.deepEqual([exact.domain.cpu, exact.domain.memory, exact.domain.resources], [undefined, undefined, undefined]);
  const odd = { cpu: { count: 3 }, memory: { size: 8 * GiB } };
  assert.equal(mapSmall(odd, { facts: LADDER, ...options({ instancetypes: 'exact' }) }).machine.spec.instancetype, undefined);
  const nearest = mapSmall(odd, { facts: LADDER, ...options({ instancetypes: 'nearest' }) });
  assert.equal(nearest.machine.spec.instancetype?.name, 'u1.xlarge');
  assert.equal(nearest.decisionOn('cpu.count').outcome, 'changed');
  const nested = { ...vm, cpu: { count: 2, nestedVirtualization: true } };
  assert.equal(mapSmall(nested, { facts: LADDER, ...options({ instancetypes: 'exact' }) }).machine.spec.instancetype, undefined);
});

test('dedicated processors go to VMs that were bound at the source, or to all', () => {
  const bound = { cpu: { count: 4, affinity: '0-3', latencySensitivity: 'high' } };
  assert.equal(mapSmall(bound).domain.cpu?.dedicatedCpuPlacement, undefined);
  const { domain } = mapSmall(bound, options({ dedicatedCpus: 'as-source' }));
  assert.deepEqual([domain.cpu?.dedicatedCpuPlacement, domain.cpu?.isolateEmulatorThread], [true, true]);
  assert.equal(mapSmall({}, options({ dedicatedCpus: 'as-source' })).domain.cpu?.dedicatedCpuPlacement, undefined);
  assert.equal(mapSmall({}, options({ dedicatedCpus: 'all' })).domain.cpu?.dedicatedCpuPlacement, true);
});

test('NUMA is passed through only with dedicated processors and huge pages, and then memory does not grow', () => {
  const wide = { cpu: { count: 8, numaNodes: 2 }, memory: { size: 8 * GiB, hotAdd: true } };
  const both = mapSmall(wide, options({ dedicatedCpus: 'all', hugepages: '1Gi' })).domain;
  assert.deepEqual(
    [both.cpu?.numa, both.memory],
    [{ guestMappingPassthrough: {} }, { guest: '8Gi', hugepages: { pageSize: '1Gi' } }],
  );
  assert.equal(mapSmall(wide, options({ dedicatedCpus: 'all' })).domain.cpu?.numa, undefined);
});

test('memory that is no multiple of a huge page is ordinary memory, with a concern', () => {
  const { domain, concerns } = mapSmall({ memory: { size: GiB + 512 * MiB } }, options({ hugepages: '1Gi' }));
  assert.deepEqual([domain.memory, concerns], [{ guest: '1536Mi', maxGuest: '1536Mi' }, ['memory-hugepages-unfit']]);
});

test('reservations and limits become requests and limits by option, never more than the limit', () => {
  const vm = { cpu: { count: 4, reservationMhz: 6000, limitMhz: 4800 }, memory: { size: 4 * GiB, reservation: GiB } };
  assert.equal(mapSmall(vm).domain.resources, undefined);
  assert.deepEqual(mapSmall(vm, options({ reservations: { mhzPerCpu: 2400 } })).domain.resources, {
    requests: { cpu: '2000m', memory: '1Gi' },
    limits: { cpu: '2000m' },
  });
  const hyperv = { cpu: { count: 4, reservationPercent: 0, limitPercent: 50 } };
  assert.deepEqual(mapSmall(hyperv, options({ reservations: {} })).domain.resources, {
    requests: { cpu: '400m' },
    limits: { cpu: '2000m' },
  });
});

test('a preference is left out where the VM is smaller than it requires', () => {
  const facts = { preferences: ['windows.11.virtio'] };
  const guest = { osId: 'windows11_64Guest' };
  const small = mapSmall({ guest, cpu: { count: 4, coresPerSocket: 4 }, memory: { size: 8 * GiB } }, { facts });
  assert.deepEqual([small.machine.spec.preference, small.concerns], [undefined, ['preference-unmet']]);
  const enough = mapSmall({ guest, cpu: { count: 4, coresPerSocket: 2 }, memory: { size: 8 * GiB } }, { facts });
  assert.equal(enough.machine.spec.preference?.name, 'windows.11.virtio');
});
