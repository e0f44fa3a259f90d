import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/name-changed.ts';
import { verdicts } from '../verdicts.ts';

test('a name with capitals, dots or too many letters is noted', () => {
  assert.deepEqual(verdicts(rule, { name: 'Web.Example' }), ['Information name']);
});

test('a DNS-1123 label stays', () => {
  assert.deepEqual(verdicts(rule, { name: 'web-01' }), []);
  assert.deepEqual(verdicts(rule, { name: 'a'.repeat(63) }), []);
});
