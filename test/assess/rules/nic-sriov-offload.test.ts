import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-sriov-offload.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('offload is told', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ sriovOffload: true }), nic({ sriovOffload: false }), nic()] }), [
    'Information nics[0].sriovOffload',
  ]);
});
