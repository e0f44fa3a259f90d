import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-mac-missing.ts';
import type { MacAddress } from '../../../src/model/units.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('an unknown MAC is noted', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic()] }), ['Information nics[0].mac']);
});

test('a known one is kept', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ mac: '00:50:56:00:00:01' as MacAddress })] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
