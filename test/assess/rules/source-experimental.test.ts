import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/source-experimental.ts';
import { verdicts } from '../verdicts.ts';

test('a VM of a live Hyper-V host is told to be the first of its kind', () => {
  assert.deepEqual(verdicts(rule, { platform: { vendor: 'hyperv' }, placement: { host: 'HV1' } }), [
    'Information platform.vendor',
  ]);
});

test('image files and other hypervisors are not', () => {
  assert.deepEqual(verdicts(rule, { platform: { vendor: 'hyperv' } }), []);
  assert.deepEqual(verdicts(rule, { platform: { vendor: 'vmware' }, placement: { host: 'esx1' } }), []);
});
