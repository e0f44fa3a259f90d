import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-left-alone.ts';
import { verdicts } from '../verdicts.ts';
import { asked, inspected } from './sample.ts';

const FOREIGN = {
  guest: { osId: 'rhel9_64Guest' },
  controllers: [{ key: 'scsi0', kind: 'pvscsi' }],
} as const;

test('a Linux on a controller that KVM does not have may not find its root', () => {
  assert.deepEqual(verdicts(rule, FOREIGN, { guest: asked('none') }), ['Warning controllers']);
  assert.deepEqual(verdicts(rule, FOREIGN), ['Warning controllers']);
});

test('who prepares it, looked into it or gives it other devices has no such worry', () => {
  assert.deepEqual(verdicts(rule, FOREIGN, { guest: asked('convert') }), []);
  assert.deepEqual(verdicts(rule, FOREIGN, { guest: asked('none'), inspection: inspected() }), []);
  assert.deepEqual(verdicts(rule, FOREIGN, { options: { devices: 'compatibility' } }), []);
});

test('Windows, KVM and usual controllers are not meant', () => {
  assert.deepEqual(verdicts(rule, { ...FOREIGN, guest: { osId: 'windows9-64' } }), []);
  assert.deepEqual(verdicts(rule, { ...FOREIGN, platform: { vendor: 'kvm' } }), []);
  assert.deepEqual(verdicts(rule, { ...FOREIGN, controllers: [{ key: 'ide0', kind: 'ide' }] }), []);
});
