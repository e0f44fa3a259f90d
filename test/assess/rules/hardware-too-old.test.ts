import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/hardware-too-old.ts';
import { verdicts } from '../verdicts.ts';

test('hardware before version 7 is noted', () => {
  assert.deepEqual(verdicts(rule, { platform: { hardwareVersion: 'vmx-04' } }), ['Information platform.hardwareVersion']);
});

test('version 7, VirtualBox and unknown are fine', () => {
  assert.deepEqual(verdicts(rule, { platform: { hardwareVersion: 'vmx-07' } }), []);
  assert.deepEqual(verdicts(rule, { platform: { hardwareVersion: 'virtualbox-2.2' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
