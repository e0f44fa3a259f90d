import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cluster-services.ts';
import { verdicts } from '../verdicts.ts';

test('each service is named', () => {
  assert.deepEqual(verdicts(rule, { availability: { highAvailability: true, drs: 'fullyAutomated', dpm: true } }), [
    'Information availability.highAvailability',
    'Information availability.drs',
    'Information availability.dpm',
  ]);
});

test('services that are off, or unknown, are not named', () => {
  assert.deepEqual(verdicts(rule, { availability: { highAvailability: false, dpm: false } }), []);
});
