import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/manifest-incomplete.ts';
import { verdicts } from '../verdicts.ts';

test('files outside the manifest are named', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ovf', descriptor: 'a.ovf', manifest: 'SHA1', unlisted: ['b.vmdk'] } }), [
    'Warning packaging.unlisted',
  ]);
});

test('a complete manifest is fine', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ovf', descriptor: 'a.ovf', manifest: 'SHA1', unlisted: [] } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
