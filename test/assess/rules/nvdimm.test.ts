import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nvdimm.ts';
import { verdicts } from '../verdicts.ts';

test('such a device is a warning', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'nvdimm', label: 'it' }] }), ['Warning devices[0]']);
});

test('other devices are another matter', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'other', label: 'it' }] }), []);
});
