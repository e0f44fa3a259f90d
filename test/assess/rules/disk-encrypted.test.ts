import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-encrypted.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('an encrypted disk is critical', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ encrypted: true })] }), ['Critical disks[0].encrypted']);
});

test('plain, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ encrypted: false }), disk()] }), []);
});
