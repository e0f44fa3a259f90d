import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-os-unknown.ts';
import { verdicts } from '../verdicts.ts';

test('a system that nobody names is a warning', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'plan9' } }), ['Warning guest.osId']);
});

test('a system of the catalogue is fine', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'rhel8_64Guest' } }), []);
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Ubuntu Linux (64-bit)' } }), []);
});

test('with compatible devices it is only good to know', () => {
  assert.deepEqual(verdicts(rule, {}, { options: { devices: 'compatibility' } }), ['Information guest.osId']);
});
