import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-4kn.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('4096-byte sectors are a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ sectorSize: 4096 })] }), ['Warning disks[0].sectorSize']);
});

test('512 bytes, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ sectorSize: 512 }), disk()] }), []);
});
