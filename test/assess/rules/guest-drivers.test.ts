import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-drivers.ts';
import { verdicts } from '../verdicts.ts';

test('Windows is told about virtio drivers', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows9-64', osIdKind: 'vmware' } }), ['Warning guest.osId']);
});

test('Linux has them, and a guest of KVM has them too', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'ubuntu-64' } }), []);
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows9-64' }, platform: { vendor: 'kvm' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});

test('where no driver exists it is critical', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'vmkernel7Guest' } }), ['Critical guest.osId']);
});

test('compatible devices need no drivers', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows9-64' } }, { options: { devices: 'compatibility' } }), []);
});
