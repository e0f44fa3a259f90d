import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignTemplatedNames, claimName } from '../../mappings/templates.ts';
import { templateFault } from '../../src/model/name-template.ts';

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
