import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-4kn-vhdx.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('such an image is critical', () => {
  assert.deepEqual(
    verdicts(rule, {
      disks: [
        disk({ format: { container: 'vhdx' }, sectorSize: 4096 }),
        disk({ format: { container: 'raw' }, sectorSize: 4096 }),
        disk({ format: { container: 'vhdx' }, sectorSize: 512 }),
      ],
    }),
    ['Critical disks[0].sectorSize'],
  );
});
