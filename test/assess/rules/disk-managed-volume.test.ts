import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-managed-volume.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a managed volume is a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ managedVolume: 'fcd-1' }), disk()] }), ['Warning disks[0].managedVolume']);
});
