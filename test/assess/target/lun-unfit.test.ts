import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/lun-unfit.ts';
import { claim, targetVerdicts } from '../target-verdicts.ts';

test('a LUN on SATA is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { devices: { disks: [{ name: 'a', lun: { bus: 'sata' } }] } } }), [
    'Critical VirtualMachine/….domain.devices.disks[0].lun',
  ]);
});

test('a LUN on a file system is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { disks: [{ name: 'a', lun: { bus: 'scsi' } }] } },
      template: {
        domain: { devices: { disks: [{ name: 'a', lun: { bus: 'scsi' } }] } },
        volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'c' } }],
      },
      claims: [claim('c')],
    }),
    ['Critical VirtualMachine/….domain.devices.disks[0].lun'],
  );
});

test('a LUN on a block claim is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      template: {
        domain: { devices: { disks: [{ name: 'a', lun: { bus: 'scsi' } }] } },
        volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'c' } }],
      },
      claims: [claim('c', { volumeMode: 'Block' })],
    }),
    [],
  );
});
