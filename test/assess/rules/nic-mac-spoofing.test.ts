import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-mac-spoofing.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('spoofing is a warning', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ macSpoofing: true }), nic({ macSpoofing: false }), nic()] }), [
    'Warning nics[0].macSpoofing',
  ]);
});
