import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-shared.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a shared disk is critical', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk(), disk({ shared: true })] }), ['Critical disks[1].shared']);
});

test('a disk of its own is fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ shared: false }), disk()] }), []);
});
