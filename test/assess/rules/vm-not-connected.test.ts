import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/vm-not-connected.ts';
import { verdicts } from '../verdicts.ts';

test('an inaccessible VM is critical', () => {
  assert.deepEqual(verdicts(rule, { connection: 'inaccessible' }), ['Critical connection']);
});

test('a disconnected host is a warning', () => {
  assert.deepEqual(verdicts(rule, { connection: 'disconnected' }), ['Warning connection']);
});

test('a connected VM, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { connection: 'connected' }), []);
});
