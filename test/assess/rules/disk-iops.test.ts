import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-iops.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('limits are told', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ iopsLimit: 100, iopsReservation: 10 })] }), [
    'Information disks[0].iopsLimit',
    'Information disks[0].iopsReservation',
  ]);
});

test('none are not', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ iopsLimit: 0 }), disk()] }), []);
});
