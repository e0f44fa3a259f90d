import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-unsupported-format.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a redo log of ESXi is critical', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ format: { container: 'vmdk', variant: 'seSparse' } })] }), [
    'Critical disks[0].format',
  ]);
});

test('the formats of exports are fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ format: { container: 'vmdk', variant: 'streamOptimized' } }), disk()] }), []);
});
