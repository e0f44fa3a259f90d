import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/tpm-present.ts';
import { findings, verdicts } from '../verdicts.ts';

test('the TPM of a Windows guest is critical', () => {
  assert.deepEqual(verdicts(rule, { firmware: { tpm: true }, guest: { osId: 'windows2019srv-64', osIdKind: 'vmware' } }), [
    'Critical firmware.tpm',
  ]);
});

test('no TPM, or not knowing, is no concern', () => {
  assert.deepEqual(verdicts(rule, { firmware: { tpm: false } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});

test('the TPM of any other guest is a warning, and an unknown guest is told about BitLocker', () => {
  assert.deepEqual(verdicts(rule, { firmware: { tpm: true }, guest: { osId: 'rhel9_64Guest' } }), ['Warning firmware.tpm']);
  assert.match(findings(rule, { firmware: { tpm: true } })[0]?.assessment ?? '', /unknown.*BitLocker/);
});
