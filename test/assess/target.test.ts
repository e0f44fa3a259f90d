import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { mapVm } from '../../mappings/index.ts';
import { assessTarget } from '../../src/assess/target.ts';
import { TARGET_RULES } from '../../src/assess/target-rules.ts';
import { arbitraryContext, arbitraryVm } from '../mappings/arbitrary-vm.ts';
import { fullVm } from '../mappings/full-vm.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../src/assess/target');

test('every rule about manifests is listed, under the name of its file, once, and has a test of its own', () => {
  const files = readdirSync(FOLDER).map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(TARGET_RULES.map(({ id }) => id).toSorted(), files.toSorted());
  const untested = files.filter((id) => !existsSync(path.join(import.meta.dirname, 'target', `${id}.test.ts`)));
  assert.deepEqual(untested, []);
});

test('what mapping writes passes, and a cluster that has the VM already is told', () => {
  const mapping = mapVm(fullVm, {
    networkMap: { entries: [] },
    storageMap: { entries: [] },
    facts: {},
    options: { devices: 'virtio' },
    name: 'full-vm',
  });
  assert.deepEqual(assessTarget(fullVm, mapping, { facts: {}, options: { namespace: 'vms' } }), []);
  const facts = { virtualMachines: [{ namespace: 'vms', name: 'full-vm', sourceId: fullVm.ref.id }], kubevirtVersion: '1.9.0' };
  assert.deepEqual(assessTarget(fullVm, mapping, { facts, options: { namespace: 'vms' } }), [
    {
      id: 'vm-exists',
      category: 'Critical',
      label: 'Name is taken on the target',
      assessment:
        'vms has a VirtualMachine full-vm already. It was migrated from this very VM. Rename one of them, or choose another namespace.',
      subject: 'VirtualMachine/metadata.name',
    },
  ]);
});

test('whatever a VM is, mapping writes nothing that admission would have to be corrected for', () => {
  fc.assert(
    fc.property(arbitraryVm, arbitraryContext, (vm, context) => {
      // Two NICs with one address at the source stay so: nobody can say which of them is wrong.
      const macs = vm.nics.flatMap(({ mac }) => mac ?? []);
      fc.pre(new Set(macs).size === macs.length);
      const mapping = mapVm(vm, { ...context, name: 'some-vm' });
      assert.deepEqual(assessTarget(vm, mapping, { facts: {}, options: { namespace: 'vms' } }), []);
    }),
    { seed: 20_261_122, numRuns: 200 },
  );
});
