import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/replication-active.ts';
import { verdicts } from '../verdicts.ts';

test('a replicated VM is a warning', () => {
  assert.deepEqual(verdicts(rule, { availability: { replication: { mode: 'primary' } } }), ['Warning availability.replication']);
});

test('a replica is critical', () => {
  assert.deepEqual(verdicts(rule, { availability: { replication: { mode: 'replica' } } }), ['Critical availability.replication']);
});

test('no replication is fine', () => {
  assert.deepEqual(verdicts(rule, { availability: {} }), []);
});
