import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/manifest-missing.ts';
import { verdicts } from '../verdicts.ts';

test('an OVA without manifest is noted', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf' } }), ['Information packaging.manifest']);
});

test('a manifest, or a source that never has one, is not worth a word', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', manifest: 'SHA256' } }), []);
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'vmx', descriptor: 'a.vmx' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
