import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/firmware-unknown.ts';
import { verdicts } from '../verdicts.ts';

test('unknown firmware is a warning', () => {
  assert.deepEqual(verdicts(rule, { firmware: {} }), ['Warning firmware.kind']);
});

test('known firmware, or secure boot that implies it, is fine', () => {
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'bios' } }), []);
  assert.deepEqual(verdicts(rule, { firmware: { secureBoot: true } }), []);
});

test('an option answers', () => {
  assert.deepEqual(verdicts(rule, {}, { options: { firmware: 'uefi' } }), []);
});
