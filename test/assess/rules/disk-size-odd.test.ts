import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-size-odd.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('sizes between whole MiB are noted, those between sectors are a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ capacity: 1_048_576 + 512 }), disk({ capacity: 1_048_577 })] }), [
    'Information disks[0].capacity',
    'Warning disks[1].capacity',
  ]);
});

test('whole MiB are fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk()] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
