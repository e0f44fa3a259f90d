import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-bitlocker.ts';
import { verdicts } from '../verdicts.ts';
import { asked, inspected, rootless } from './sample.ts';

const BITLOCKER = { device: '/dev/sda3', kind: 'bitlocker', opened: false } as const;

test('a Windows behind BitLocker cannot be converted', () => {
  const inspection = rootless({ systems: [], encrypted: [BITLOCKER] });
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection }), ['Critical inspection.encrypted[0]']);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('none'), inspection }), ['Warning inspection.encrypted[0]']);
});

test('a volume beside it will ask for its key', () => {
  const inspection = inspected({ encrypted: [BITLOCKER] });
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection }), ['Warning inspection.encrypted[0]']);
});

test('no BitLocker, no concern', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: inspected() }), []);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert') }), []);
});
