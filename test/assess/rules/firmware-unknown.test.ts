import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/firmware-unknown.ts';
import { inspected } from '../guest/sample.ts';
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

test('one kind of boot loader in the guest answers, two leave it open', () => {
  const uefi = { device: '/dev/sda1', loaders: [], fallback: true };
  assert.deepEqual(verdicts(rule, {}, { inspection: inspected({ boot: { uefi } }) }), []);
  assert.deepEqual(verdicts(rule, {}, { inspection: inspected({ boot: { bios: true } }) }), []);
  assert.deepEqual(verdicts(rule, {}, { inspection: inspected({ boot: { bios: true, uefi } }) }), ['Warning firmware.kind']);
});
