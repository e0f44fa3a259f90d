import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/name-too-long.ts';
import { claim, targetVerdicts } from '../target-verdicts.ts';

test('64 characters are critical', () => {
  assert.deepEqual(targetVerdicts(rule, { name: 'a'.repeat(64), claims: [claim('b'.repeat(64))] }), [
    'Critical VirtualMachine/metadata.name',
    `Critical PersistentVolumeClaim/${'b'.repeat(64)}/metadata.name`,
  ]);
});

test('63 are fine', () => {
  assert.deepEqual(targetVerdicts(rule, { name: 'a'.repeat(63) }), []);
});
