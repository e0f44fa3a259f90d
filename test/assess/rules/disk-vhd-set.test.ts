import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-vhd-set.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a VHD Set is critical', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ sharing: 'vhd-set', shared: true }), disk({ sharing: 'shared-vhdx' })] }), [
    'Critical disks[0].sharing',
  ]);
});
