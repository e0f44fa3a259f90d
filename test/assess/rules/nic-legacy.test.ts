import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-legacy.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('an old model is told', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ model: 'hyperv-legacy' }), nic({ model: 'vmxnet3' }), nic()] }), [
    'Information nics[0].model',
  ]);
});
