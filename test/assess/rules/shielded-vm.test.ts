import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/shielded-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a shielded VM is critical', () => {
  assert.deepEqual(verdicts(rule, { firmware: { shielded: true } }), ['Critical firmware.shielded']);
});

test('others, or not knowing, are fine', () => {
  assert.deepEqual(verdicts(rule, { firmware: { shielded: false } }), []);
});
