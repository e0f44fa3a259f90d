import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/firmware-contradiction.ts';
import { verdicts } from '../verdicts.ts';

test('secure boot with BIOS is a warning', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'bios', secureBoot: true } }), ['Warning firmware.secureBoot']);
});

test('with UEFI it is no contradiction', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'uefi', secureBoot: true } }), []);
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'bios', secureBoot: false } }), []);
});

test('an option decides', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'bios', secureBoot: true } }, { options: { firmware: 'uefi' } }), []);
});
