import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/feature-gate-off.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a gate that is not listed is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { disks: [{ name: 'a', lun: { bus: 'scsi', reservation: true } as object }] } },
      facts: { featureGates: [], kubevirtVersion: '1.8.0' },
    }),
    ['Critical VirtualMachine/….domain.devices.disks.lun.reservation'],
  );
});

test('a listed gate is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { disks: [{ name: 'a', lun: { reservation: true } as object }] } },
      facts: { featureGates: ['PersistentReservation'], kubevirtVersion: '1.8.0' },
    }),
    [],
  );
});

test('from 1.9 on beta gates are on by themselves', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { disks: [{ name: 'a', lun: { reservation: true } as object }] } },
      facts: { featureGates: [], kubevirtVersion: '1.9.0' },
    }),
    [],
  );
});

test('unless they are disabled', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { disks: [{ name: 'a', lun: { reservation: true } as object }] } },
      facts: { featureGates: [], disabledFeatureGates: ['PersistentReservation'], kubevirtVersion: '1.9.0' },
    }),
    ['Critical VirtualMachine/….domain.devices.disks.lun.reservation'],
  );
});

test('a beta gate of an unknown version may be on by itself', () => {
  const domain = { devices: { disks: [{ name: 'a', lun: { reservation: true } as object }] } };
  assert.deepEqual(targetVerdicts(rule, { domain, facts: { featureGates: [] } }), []);
  const gated = { devices: { hostDevices: [] } as object };
  assert.deepEqual(targetVerdicts(rule, { domain: gated, facts: { featureGates: [] } }), [
    'Critical VirtualMachine/….domain.devices.hostDevices',
  ]);
});
