import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/hyperv-chain-broken.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a timer without its controller is critical', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { features: { hyperv: { vpindex: {}, synictimer: { direct: {} } } } } }), [
    'Critical VirtualMachine/….domain.features.hyperv.synictimer',
  ]);
});

test('a part that is switched off is missing', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { features: { hyperv: { vpindex: { enabled: false }, synic: {} } } } }), [
    'Critical VirtualMachine/….domain.features.hyperv.synic',
  ]);
});

test('the whole chain is fine', () => {
  assert.deepEqual(targetVerdicts(rule, { domain: { features: { hyperv: { vpindex: {}, synic: {}, synictimer: {} } } } }), []);
});
