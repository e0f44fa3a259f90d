import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-storage-unknown.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a disk nowhere is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      platform: { vendor: 'vmware' },
      disks: [disk(), disk({ storage: { id: 'a', name: 'a' } }), disk({ passthrough: 'rdm-physical' })],
    }),
    ['Warning disks[0].storage'],
  );
});

test('packages have no datastores', () => {
  assert.deepEqual(
    verdicts(rule, { platform: { vendor: 'vmware' }, packaging: { kind: 'ova', descriptor: 'a.ovf' }, disks: [disk()] }),
    [],
  );
});
