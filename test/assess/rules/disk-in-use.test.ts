import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-in-use.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('an attached image is a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ inUse: true }), disk({ inUse: false }), disk()] }), [
    'Warning disks[0].inUse',
  ]);
});
