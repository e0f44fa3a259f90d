/** What holds for every VM, whatever its source says and leaves unsaid. Seeds are fixed: a failure can be repeated. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mapVm } from '../../mappings/index.ts';
import { assignNames, claimName } from '../../mappings/names.ts';
import { assess } from '../../src/assess/index.ts';
import type { Mapping } from '../../src/model/mapping.ts';
import { arbitraryContext, arbitraryVm } from './arbitrary-vm.ts';
import { inventedFacts, phantomTargets, unexplainedFields, unnamedFacts } from './every-field.ts';
import { faults } from './manifest-faults.ts';

const SETTINGS = { seed: 20_261_122, numRuns: 300 };
const anyMapping = fc.record({ vm: arbitraryVm, context: arbitraryContext });

/** Concerns that go with a NIC without a place on the target. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'network-unmapped',
  'network-pod-twice',
  'network-ignored',
  'network-pool-exhausted',
  'network-not-generated',
]);

function machineOf({ manifests }: Mapping): Extract<Mapping['manifests'][number], { kind: 'VirtualMachine' }> {
  const machine = manifests.at(-1);
  assert.ok(machine?.kind === 'VirtualMachine');
  return machine;
}

test('manifests are valid, and every fact and every field has a decision', () => {
  fc.assert(
    fc.property(anyMapping, ({ vm, context }) => {
      const mapping = mapVm(vm, { ...context, name: 'some-vm' });
      assert.deepEqual(faults(mapping.manifests), []);
      assert.deepEqual(unnamedFacts(vm, mapping), []);
      assert.deepEqual(inventedFacts(vm, mapping), []);
      assert.deepEqual(unexplainedFields(mapping), []);
      assert.deepEqual(phantomTargets(mapping), []);
    }),
    SETTINGS,
  );
});

test('the same input gives the same bytes, and is never changed', () => {
  fc.assert(
    fc.property(anyMapping, ({ vm, context }) => {
      const input = deepFreeze({ vm, context: { ...context, name: 'some-vm' } });
      const copy = structuredClone(input);
      const first = JSON.stringify([mapVm(input.vm, input.context), assess(input.vm, { peers: [input.vm] })]);
      const second = JSON.stringify([mapVm(copy.vm, copy.context), assess(copy.vm, { peers: [copy.vm] })]);
      assert.equal(first, second);
    }),
    SETTINGS,
  );
});

test('every NIC that is not left out keeps its MAC address and its place', () => {
  fc.assert(
    fc.property(anyMapping, ({ vm, context }) => {
      const mapping = mapVm(vm, { ...context, name: 'some-vm' });
      const leftOut = new Set(
        mapping.decisions
          .filter(({ rule, outcome }) => rule === 'network-target' && outcome === 'dropped')
          .map(({ from }) => from),
      );
      const expected = vm.nics
        .filter((_nic, index) => !leftOut.has(`nics[${index}].network`) && !leftOut.has(`nics[${index}]`))
        .map(({ mac }) => mac);
      assert.deepEqual(
        machineOf(mapping).spec.template.spec.domain.devices.interfaces.map(({ macAddress }) => macAddress),
        expected,
      );
    }),
    SETTINGS,
  );
});

test('a NIC is left out only with a concern, and every concern says what to do', () => {
  fc.assert(
    fc.property(anyMapping, ({ vm, context }) => {
      const { manifests, decisions, placements, concerns } = mapVm(vm, { ...context, name: 'some-vm' });
      const kept = machineOf({ vm: vm.ref, targetName: 'some-vm', manifests, decisions, placements, concerns }).spec.template.spec
        .networks.length;
      const reasons = concerns.filter(({ id }) => LEFT_OUT.has(id));
      assert.equal(vm.nics.length - kept, reasons.length);
      for (const { assessment, subject } of [...concerns, ...assess(vm)])
        assert.ok(assessment.endsWith('.') && subject !== '', assessment);
    }),
    SETTINGS,
  );
});

test('a claim is never smaller than its disk, and on a file system leaves room for it', () => {
  fc.assert(
    fc.property(anyMapping, ({ vm, context }) => {
      const mapping = mapVm(vm, { ...context, name: 'some-vm' });
      for (const [index, disk] of vm.disks.entries()) {
        const claim = mapping.manifests[index];
        assert.ok(claim?.kind === 'PersistentVolumeClaim');
        const size = bytesOf(claim.spec.resources.requests.storage);
        const usable = claim.spec.volumeMode === 'Block' ? size : Math.floor(size / 1.06 / 2 ** 20) * 2 ** 20;
        assert.ok(usable >= disk.capacity, `${size} bytes for ${disk.capacity}`);
      }
    }),
    SETTINGS,
  );
});

test('names are valid, unique, and do not depend on the order of the inventory', () => {
  fc.assert(
    fc.property(fc.uniqueArray(arbitraryVm, { selector: (vm) => vm.ref.id, maxLength: 12 }), (vms) => {
      const names = assignNames(vms);
      const all = vms.map((vm) => names.get(vm.ref.id)?.name ?? '');
      assert.equal(new Set(all).size, vms.length);
      for (const name of all) assert.match(name, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      const claims = all.flatMap((name) => [claimName(name, 0), claimName(name, 10)]);
      assert.equal(new Set(claims).size, claims.length);
      for (const claim of claims) assert.match(claim, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      assert.deepEqual(new Map([...assignNames(vms.toReversed())].toReversed()), names);
    }),
    { ...SETTINGS, numRuns: 100 },
  );
});

function bytesOf(quantity: string): number {
  const [, digits = '', suffix = ''] = /^(\d+)(\D*)$/.exec(quantity) ?? [];
  return Number(digits) * 1024 ** ['', 'Ki', 'Mi', 'Gi', 'Ti'].indexOf(suffix);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
