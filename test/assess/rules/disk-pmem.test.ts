import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-pmem.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('persistent memory is a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ pmem: true }), disk({ pmem: false }), disk()] }), ['Warning disks[0].pmem']);
});
