import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/warm-disk-unfrozen.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

const DISKS = [
  disk(),
  disk({ mode: 'independent-persistent' }),
  disk({ passthrough: 'rdm-physical' }),
  disk({ passthrough: 'rdm-virtual' }),
  disk({ slot: { controller: 'scsi1', unit: 0 } }),
  disk({ sharing: 'multi-writer' }),
];
const CONTROLLERS = [{ key: 'scsi1', kind: 'lsisas', sharing: 'physical' }] as const;

test('disks that are in no snapshot keep a VM from a warm migration', () => {
  assert.deepEqual(
    verdicts(rule, { disks: DISKS, controllers: CONTROLLERS }, { type: 'warm' }),
    [1, 2, 4, 5].map((index) => `Critical disks[${index}].mode`),
  );
});

test('a whole device that is handed over as it is has not to be read', () => {
  const context = { type: 'warm', options: { passthroughDisks: 'lun' } } as const;
  assert.deepEqual(verdicts(rule, { disks: [disk({ passthrough: 'rdm-physical' })] }, context), []);
});

test('a cold migration reads them while the VM is off', () => {
  assert.deepEqual(verdicts(rule, { disks: DISKS, controllers: CONTROLLERS }), []);
});
