import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignNames, claimName, toLabel } from '../../mappings/names.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { smallVm } from './small-vm.ts';

function named(id: string, name: string): SourceVm {
  return smallVm({ ref: { id, name }, name });
}

function nameOf(vms: readonly SourceVm[], id: string): string {
  return assignNames(vms).get(id)?.name ?? '';
}

test('a valid name stays, and the reason says so', () => {
  assert.deepEqual(assignNames([named('1', 'web-01')]).get('1'), {
    name: 'web-01',
    because: 'The name is valid in Kubernetes as it is.',
  });
});

test('other names become lower-case Latin letters, digits and dashes', () => {
  assert.equal(toLabel('Web_Server (prod)'), 'web-server-prod');
  assert.equal(toLabel('web.example.com'), 'web-example-com');
  assert.equal(toLabel('Büro-Köln'), 'buro-koln');
  assert.equal(toLabel('Сервер 1'), 'server-1');
  assert.equal(toLabel('深圳'), 'shenzhen');
  assert.equal(toLabel('--x--'), 'x');
  assert.equal(toLabel('\u0000\n\ud800'), '');
});

test('a name of which nothing is left is made from the id', () => {
  assert.match(nameOf([named('vm-7', '...')], 'vm-7'), /^vm-[0-9a-f]{6}$/);
});

test('a long name is cut and ends in a hash of the whole, so that long twins stay apart', () => {
  const a = toLabel(`${'x'.repeat(70)}-a`);
  const b = toLabel(`${'x'.repeat(70)}-b`);
  assert.equal(a.length, 63);
  assert.notEqual(a, b);
});

test('VMs that want one name all get a piece of their id’s hash, whatever their order', () => {
  const vms = [named('1', 'Web'), named('2', 'web'), named('3', 'db')];
  assert.match(nameOf(vms, '1'), /^web-[0-9a-f]{6}$/);
  assert.match(nameOf(vms, '2'), /^web-[0-9a-f]{6}$/);
  assert.equal(nameOf(vms, '3'), 'db');
  assert.equal(nameOf(vms.toReversed(), '1'), nameOf(vms, '1'));
});

test('a third VM with the very name that a collision made up is told apart as well', () => {
  const pair = [named('1', 'web'), named('2', 'web')];
  const made = nameOf(pair, '1');
  const all = [...pair, named('3', made)];
  assert.equal(new Set([...assignNames(all).values()].map(({ name }) => name)).size, 3);
});

test('two VMs with one id are a bug of the provider', () => {
  assert.throws(() => assignNames([named('1', 'a'), named('1', 'b')]), /two VMs have the id 1/);
});

test('claims carry name and number, within 63 characters', () => {
  assert.equal(claimName('web', 0), 'web-disk-0');
  const long = claimName('y'.repeat(63), 12);
  assert.equal(long.length, 63);
  assert.match(long, /-disk-12$/);
  assert.notEqual(long, claimName(`${'y'.repeat(62)}z`, 12));
});
