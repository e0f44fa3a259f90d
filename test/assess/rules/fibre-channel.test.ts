import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/fibre-channel.ts';
import { verdicts } from '../verdicts.ts';

test('such a device is critical', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'fibre-channel', label: 'it' }] }), ['Critical devices[0]']);
});

test('other devices are another matter', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'other', label: 'it' }] }), []);
});
