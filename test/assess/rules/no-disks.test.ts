import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/no-disks.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a VM without disks is a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: [] }), ['Warning disks']);
});

test('one disk is enough', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk()] }), []);
});
