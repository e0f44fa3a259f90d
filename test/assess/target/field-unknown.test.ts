import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/field-unknown.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('an invented field is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { cpu: { sokets: 2 } as object } }), [
    'Critical VirtualMachine/….domain.cpu.sokets',
  ]);
});

test('known fields are fine, and free-form parts are not looked into', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { cpu: { sockets: 2 }, features: { hyperv: { vpindex: {} } } } }), []);
});
