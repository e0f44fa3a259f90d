import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/hostname-default.ts';
import { verdicts } from '../verdicts.ts';

test('localhost is a warning', () => {
  assert.deepEqual(verdicts(rule, { guest: { hostname: 'localhost.localdomain' } }), ['Warning guest.hostname']);
});

test('an empty name is a warning', () => {
  assert.deepEqual(verdicts(rule, { guest: { hostname: '' } }), ['Warning guest.hostname']);
});

test('a name, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { guest: { hostname: 'web' } }), []);
});
