import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/time-zone-invalid.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('an invented zone is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { clock: { timezone: 'Mars/Olympus' } } }), [
    'Critical VirtualMachine/….domain.clock.timezone',
  ]);
});

test('a zone is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { clock: { timezone: 'Europe/Berlin' } } }), []);
});
