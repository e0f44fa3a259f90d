import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/identity-unknown.ts';
import type { Uuid } from '../../../src/model/units.ts';
import { verdicts } from '../verdicts.ts';

test('an unknown UUID is noted', () => {
  assert.deepEqual(verdicts(rule, { identity: {} }), ['Information identity.biosUuid']);
});

test('a known one is kept', () => {
  assert.deepEqual(verdicts(rule, { identity: { biosUuid: '564d1234-0000-0000-0000-000000000001' as Uuid } }), []);
});
