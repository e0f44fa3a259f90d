import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/secure-boot.ts';
import { verdicts } from '../verdicts.ts';

test('secure boot is noted', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'uefi', secureBoot: true } }), ['Information firmware.secureBoot']);
});

test('without it there is nothing to enrol', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'uefi', secureBoot: false } }), []);
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'bios', secureBoot: true } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
