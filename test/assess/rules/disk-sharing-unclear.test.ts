import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-sharing-unclear.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a disk open for sharing is critical', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk({ sharing: 'multi-writer' })] }), ['Critical disks[0].sharing']);
});

test('where the source says whether it is shared, disk-shared speaks', () => {
  assert.deepEqual(
    verdicts(rule, {
      disks: [disk({ sharing: 'vhd-set', shared: true }), disk({ sharing: 'multi-writer', shared: false }), disk()],
    }),
    [],
  );
});
