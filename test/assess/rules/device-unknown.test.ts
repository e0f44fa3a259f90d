import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/device-unknown.ts';
import { verdicts } from '../verdicts.ts';

test('a device without counterpart is noted', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'other', label: 'NVDIMM' }] }), ['Information devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
