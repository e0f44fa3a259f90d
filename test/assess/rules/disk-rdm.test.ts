import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-rdm.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a raw device is a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ passthrough: 'rdm-physical' })] }), ['Warning disks[0].passthrough']);
});

test('a file is fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk()] }), []);
});
