import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-os-unbootable.ts';
import { verdicts } from '../verdicts.ts';

test('a guest without AHCI and virtio is critical', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'winNetEnterpriseGuest', osIdKind: 'vmware' } }), ['Critical guest.osId']);
});

test('later Windows boots from SATA', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'winLonghorn-64' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
