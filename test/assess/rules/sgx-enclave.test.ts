import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/sgx-enclave.ts';
import { verdicts } from '../verdicts.ts';

test('enclave memory is critical', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'sgx', label: 'SGX' }] }), ['Critical devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
