import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/field-too-new.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a field of 1.6 is critical on 1.5', () => {
  assert.deepEqual(
    targetVerdicts(rule, { domain: { devices: { tpm: { enabled: false } as object } }, facts: { kubevirtVersion: 'v1.5.2' } }),
    ['Critical VirtualMachine/….domain.devices.tpm.enabled'],
  );
});

test('on 1.6 and later it is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, { domain: { devices: { tpm: { enabled: false } as object } }, facts: { kubevirtVersion: 'v1.6.0' } }),
    [],
  );
});

test('of an unknown version nothing is said', () => {
  assert.deepEqual(
    targetVerdicts(rule, { domain: { devices: { tpm: { enabled: false } as object } }, facts: { kubevirtVersion: 'latest' } }),
    [],
  );
});
