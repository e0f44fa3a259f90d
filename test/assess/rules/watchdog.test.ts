import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/watchdog.ts';
import { verdicts } from '../verdicts.ts';

test('such a device is told', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'watchdog', label: 'it' }] }), ['Information devices[0]']);
});

test('other devices are another matter', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'other', label: 'it' }] }), []);
});
