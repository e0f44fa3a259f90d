import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/conversion-unsupported.ts';
import { verdicts } from '../verdicts.ts';

test('a system that virt-v2v does not know is a warning', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'freebsd12_64Guest', osIdKind: 'vmware' } }), ['Warning guest.osId']);
});

test('a distribution that it does not know is a warning', () => {
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Arch Linux' } }), ['Warning guest.osId']);
});

test('Windows, the big distributions and the unknown are fine', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'rhel9_64Guest' } }), []);
});

test('with compatible devices nothing is prepared', () => {
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Arch Linux' } }, { options: { devices: 'compatibility' } }), []);
});
