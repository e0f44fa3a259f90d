import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-independent.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('independent disks are a warning', () => {
  assert.deepEqual(
    verdicts(rule, { disks: [disk({ mode: 'independent-persistent' }), disk({ mode: 'independent-nonpersistent' })] }),
    ['Warning disks[0].mode', 'Warning disks[1].mode'],
  );
});

test('ordinary and unknown modes are fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ mode: 'persistent' }), disk()] }), []);
});
