import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-teaming.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('teaming is told', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ teaming: true }), nic({ teaming: false }), nic()] }), [
    'Information nics[0].teaming',
  ]);
});
