import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/firmware-uuid-malformed.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a text that is no UUID is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { firmware: { uuid: '42-17' } } }), [
    'Critical VirtualMachine/….domain.firmware.uuid',
  ]);
});

test('a UUID is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { firmware: { uuid: '564d1234-5678-9abc-def0-123456789abc' } } }), []);
});
