import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/signature-unchecked.ts';
import { verdicts } from '../verdicts.ts';

test('a certificate is noted as not checked', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', certificate: true } }), [
    'Information packaging.certificate',
  ]);
});

test('without certificate there is nothing to check', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
