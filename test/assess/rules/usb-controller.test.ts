import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/usb-controller.ts';
import { verdicts } from '../verdicts.ts';

test('such a device is told', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'usb-controller', label: 'it' }] }), ['Information devices[0]']);
});

test('other devices are another matter', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'other', label: 'it' }] }), []);
});
