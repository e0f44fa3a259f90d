import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nvram-lost.ts';
import { verdicts } from '../verdicts.ts';

test('boot entries of a UEFI machine stay behind', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'uefi', nvramFile: 'web.nvram' } }), ['Warning firmware.nvramFile']);
});

test('a BIOS machine has none', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'bios', nvramFile: 'web.nvram' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
