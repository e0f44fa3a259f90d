import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/bootloader-open.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a preference without a bootloader is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { spec: { preference: { name: 'windows.2k19' } } }), [
    'Critical VirtualMachine/….domain.firmware.bootloader',
  ]);
});

test('a bootloader settles it', () => {
  assert.deepEqual(
    targetVerdicts(rule, { spec: { preference: { name: 'windows.2k19' } }, domain: { firmware: { bootloader: { bios: {} } } } }),
    [],
  );
});

test('without a preference nothing is filled', () => {
  assert.deepEqual(targetVerdicts(rule, {}), []);
});
