import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/tools-not-running.ts';
import { verdicts } from '../verdicts.ts';

test('idle tools in a running VM are a warning', () => {
  assert.deepEqual(verdicts(rule, { power: 'on', guest: { tools: { installed: true, running: false } } }), [
    'Warning guest.tools.running',
  ]);
});

test('in a VM that is off nothing runs', () => {
  assert.deepEqual(verdicts(rule, { power: 'off', guest: { tools: { installed: true, running: false } } }), []);
});

test('running tools, or not knowing, are fine', () => {
  assert.deepEqual(verdicts(rule, { power: 'on', guest: { tools: { installed: true } } }), []);
});
