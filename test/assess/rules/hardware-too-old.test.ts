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

test('Hyper-V before configuration version 6.2 has no change tracking', () => {
  const of = (hardwareVersion: string) => verdicts(rule, { platform: { vendor: 'hyperv', hardwareVersion } });
  assert.deepEqual(of('5.0'), ['Information platform.hardwareVersion']);
  assert.deepEqual([of('6.2'), of('8.0'), of('10.0'), of('unknown')], [[], [], [], []]);
});
