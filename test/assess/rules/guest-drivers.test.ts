import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-drivers.ts';
import { asked, inspected } from '../guest/sample.ts';
import { verdicts } from '../verdicts.ts';

const WINDOWS = { guest: { osId: 'windows9-64', osIdKind: 'vmware' } } as const;

test('Windows is told about virtio drivers where nobody gives it any', () => {
  assert.deepEqual(verdicts(rule, WINDOWS), ['Warning guest.osId']);
  assert.deepEqual(verdicts(rule, WINDOWS, { guest: asked('skip') }), ['Warning guest.osId']);
});

test('a conversion gives them, and a look into the guest says more', () => {
  assert.deepEqual(verdicts(rule, WINDOWS, { guest: asked('convert') }), []);
  assert.deepEqual(verdicts(rule, WINDOWS, { guest: asked('none'), inspection: inspected() }), []);
});

test('Linux has them, and a guest of KVM has them too', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'ubuntu-64' } }), []);
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows9-64' }, platform: { vendor: 'kvm' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});

test('where no driver exists it is critical', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'vmkernel7Guest' } }), ['Critical guest.osId']);
  assert.deepEqual(verdicts(rule, { guest: { osId: 'vmkernel7Guest' } }, { guest: asked('convert') }), ['Critical guest.osId']);
});

test('compatible devices need no drivers', () => {
  assert.deepEqual(verdicts(rule, WINDOWS, { options: { devices: 'compatibility' } }), []);
  assert.deepEqual(verdicts(rule, WINDOWS, { guest: asked('compatibility') }), []);
});
