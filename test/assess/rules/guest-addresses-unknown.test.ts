import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-addresses-unknown.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a running VM without any address is a warning', () => {
  assert.deepEqual(verdicts(rule, { power: 'on', guest: { tools: { installed: true, running: true } }, nics: [nic()] }), [
    'Warning nics',
  ]);
});

test('an address settles it', () => {
  assert.deepEqual(
    verdicts(rule, {
      power: 'on',
      guest: { tools: { installed: true, running: true } },
      nics: [nic({ addresses: ['192.0.2.1'] })],
    }),
    [],
  );
});

test('nothing is expected of a VM that is off', () => {
  assert.deepEqual(verdicts(rule, { power: 'off', guest: { tools: { installed: true, running: false } }, nics: [nic()] }), []);
});
