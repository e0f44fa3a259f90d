import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MappingContext } from '../../mappings/context.ts';
import { mapVm } from '../../mappings/index.ts';
import { inventedFacts, phantomTargets, unexplainedFields, unnamedFacts } from './every-field.ts';
import { fullVm } from './full-vm.ts';
import { faults } from './manifest-faults.ts';
import { smallVm } from './small-vm.ts';

const context: MappingContext = {
  networkMap: { entries: [{ source: 'Backup', target: { type: 'multus', name: 'backup' } }] },
  storageMap: { entries: [{ source: 'fast', target: { storageClass: 'rbd' } }] },
  facts: { preferences: ['windows.2k19.virtio'] },
  options: { devices: 'virtio', namespace: 'vms' },
  name: 'full-vm',
};
const contexts: Readonly<Record<string, MappingContext>> = {
  'with maps': context,
  'without maps': { ...context, networkMap: { entries: [] }, storageMap: { entries: [] }, facts: {} },
  'with compatible devices': { ...context, options: { devices: 'compatibility' } },
  'with everything given as option': { ...context, options: { devices: 'virtio', cpus: 3, memory: 1, firmware: 'bios' } },
};

for (const [title, given] of Object.entries(contexts)) {
  test(`every fact and every field has a decision, ${title}`, () => {
    for (const vm of [fullVm, smallVm()]) {
      const mapping = mapVm(vm, given);
      assert.deepEqual(unnamedFacts(vm, mapping), [], 'facts that no decision names');
      assert.deepEqual(inventedFacts(vm, mapping), [], 'decisions about facts that do not exist');
      assert.deepEqual(unexplainedFields(mapping), [], 'fields that no decision explains');
      assert.deepEqual(phantomTargets(mapping), [], 'decisions about fields that do not exist');
      assert.deepEqual(faults(mapping.manifests), []);
    }
  });
}

test('a VM of which nothing is known becomes a valid VM with stated defaults', () => {
  const { manifests, decisions } = mapVm(smallVm(), { ...context, name: 'web' });
  const machine = manifests[0];
  assert.ok(machine?.kind === 'VirtualMachine');
  const { cpu, memory, firmware } = machine.spec.template.spec.domain;
  assert.deepEqual(cpu, { sockets: 1, cores: 2, threads: 1, maxSockets: 1 });
  assert.deepEqual(memory, { guest: '2Gi', maxGuest: '2Gi' });
  assert.deepEqual(firmware, { bootloader: { bios: {} } });
  for (const field of ['cpu.sockets', 'memory.guest', 'firmware.bootloader']) {
    assert.equal(decisions.find(({ to }) => to.endsWith(`domain.${field}`))?.outcome, 'added', field);
  }
});

test('claims come before the VM that uses them, and placements tie disks to claims', () => {
  const { manifests, placements } = mapVm(fullVm, context);
  assert.deepEqual(
    manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ['PersistentVolumeClaim full-vm-disk-0', 'PersistentVolumeClaim full-vm-disk-1', 'VirtualMachine full-vm'],
  );
  assert.deepEqual(placements, [
    { disk: 'scsi0:0', claim: 'full-vm-disk-0' },
    { disk: 'scsi0:1', claim: 'full-vm-disk-1' },
  ]);
});
