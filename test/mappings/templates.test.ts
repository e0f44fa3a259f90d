import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mapVm } from '../../mappings/index.ts';
import { assignTemplatedNames, claimName, nicName } from '../../mappings/templates.ts';
import { templateFault } from '../../src/model/name-template.ts';
import { fakeVm } from '../fakes/vm.ts';

test('templates must hold their placeholders once, and a dash between them', () => {
  assert.equal(templateFault('vmNames', 'prod-{vm}'), undefined);
  assert.equal(templateFault('claimNames', '{vm}-{disk}'), undefined);
  for (const wrong of ['{vm}', '{vm}-{disk}-{disk}', '{vm}{disk}', '{vm}1{disk}', 'A-{vm}-{disk}', '{vm}-{disk}-{name}', '']) {
    assert.notEqual(templateFault('claimNames', wrong), undefined, wrong);
  }
});

test('names of VMs follow the template and stay unique', () => {
  const vms = ['Web', 'web', 'db'].map((name, index) => ({ ref: { id: `${index}`, name }, name }));
  const names = [...assignTemplatedNames(vms, { vmNames: 'prod-{vm}' }).values()].map(({ name }) => name);
  assert.equal(new Set(names).size, 3);
  assert.ok(names.every((name) => name.startsWith('prod-')));
  assert.equal(names[2], 'prod-db');
});

test('claims of different VMs and disks never get one name, whatever template passes', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((name) => !name.includes('--'));
  const template = fc.constantFrom(
    '{vm}-{disk}',
    '{disk}-{vm}',
    'x{disk}y{vm}z',
    '{vm}-d{disk}',
    '{vm}x{disk}',
    'a-{vm}-b-{disk}-c',
  );
  fc.assert(
    fc.property(
      template,
      fc.tuple(label, fc.nat(120)),
      fc.tuple(label, fc.nat(120)),
      (text, [vm, disk], [otherVm, otherDisk]) => {
        assert.equal(templateFault('claimNames', text), undefined);
        fc.pre(vm !== otherVm || disk !== otherDisk);
        assert.notEqual(claimName(text, vm, disk), claimName(text, otherVm, otherDisk));
      },
    ),
    { seed: 20_261_122, numRuns: 2000 },
  );
});

test('interface and network of a NIC share the name that the template gives them', () => {
  const nics = ['a', 'b'].map((key) => ({ key, label: key, network: { id: key, name: key } }));
  const entries = nics.map(({ network }) => ({ source: network.name, target: { type: 'multus', name: network.name } as const }));
  const { manifests } = mapVm(fakeVm({ nics }), {
    networkMap: { entries },
    storageMap: { entries: [] },
    facts: {},
    options: { devices: 'virtio', nicNames: 'eth{nic}' },
    name: 'web',
  });
  const machine = manifests.find(({ kind }) => kind === 'VirtualMachine');
  assert.ok(machine?.kind === 'VirtualMachine');
  const { domain, networks } = machine.spec.template.spec;
  assert.deepEqual(
    domain.devices.interfaces.map(({ name }) => name),
    ['eth0', 'eth1'],
  );
  assert.deepEqual(
    networks.map(({ name }) => name),
    ['eth0', 'eth1'],
  );
});

test('NIC names are labels and unique in a VM, whatever template passes', () => {
  for (const template of ['{nic}', 'eth{nic}', `${'x'.repeat(80)}{nic}`, '{nic}-of-many']) {
    assert.equal(templateFault('nicNames', template), undefined);
    const names = Array.from({ length: 20 }, (_, position) => nicName(template, position));
    assert.equal(new Set(names).size, 20);
    for (const name of names) assert.match(name, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  }
});
