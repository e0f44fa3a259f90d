import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/clock-unknown.ts';
import { verdicts } from '../verdicts.ts';

test('Windows without a known time zone is a warning', () => {
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Microsoft Windows Server 2019 (64-bit)' } }), ['Warning clock.rtc']);
});

test('Linux keeps UTC, and a known zone is fine', () => {
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Ubuntu Linux (64-bit)' } }), []);
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Microsoft Windows 10' }, clock: { rtc: 'Europe/Berlin' } }), []);
});
