import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/change-tracking-off.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a disk without tracking is told', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ changeTracking: false }), disk({ changeTracking: true }), disk()] }), [
    'Information disks[0].changeTracking',
  ]);
});
