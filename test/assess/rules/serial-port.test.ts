import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/serial-port.ts';
import { verdicts } from '../verdicts.ts';

test('a serial port is noted', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'serial', label: 'Serial port 1' }] }), ['Information devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
