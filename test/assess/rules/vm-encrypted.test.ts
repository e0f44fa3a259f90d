import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/vm-encrypted.ts';
import { verdicts } from '../verdicts.ts';

test('an encrypted configuration is critical', () => {
  assert.deepEqual(verdicts(rule, { extras: [{ path: 'vmx/encryption.keySafe', value: 'vmware:key/list/...' }] }), [
    'Critical extras[0]',
  ]);
});

test('other settings are not encryption', () => {
  assert.deepEqual(verdicts(rule, { extras: [{ path: 'vmx/svga.vramSize', value: '4' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
