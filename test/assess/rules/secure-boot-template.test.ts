import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/secure-boot-template.ts';
import { verdicts } from '../verdicts.ts';

test('the usual keys are told', () => {
  assert.deepEqual(verdicts(rule, { firmware: { secureBoot: true, secureBootTemplate: 'MicrosoftWindows' } }), [
    'Information firmware.secureBootTemplate',
  ]);
});

test('other keys are a warning', () => {
  assert.deepEqual(verdicts(rule, { firmware: { secureBoot: true, secureBootTemplate: 'OpenSourceShieldedVM' } }), [
    'Warning firmware.secureBootTemplate',
  ]);
});

test('without secure boot nobody asks for keys', () => {
  assert.deepEqual(verdicts(rule, { firmware: { secureBoot: false, secureBootTemplate: 'MicrosoftWindows' } }), []);
});
