import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-differencing.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a chain of images is noted', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ parents: ['base.vhdx'] })] }), ['Information disks[0].parents']);
});

test('a single image is fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ parents: [] }), disk()] }), []);
});
