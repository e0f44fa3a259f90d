import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-without-size.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a disk of zero bytes is critical', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk(), disk({ capacity: 0 })] }), ['Critical disks[1].capacity']);
});

test('a disk with a size is fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk()] }), []);
});
