import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-bandwidth.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('limits are told', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ bandwidthLimit: 1e9, bandwidthReservation: 1e6 })] }), [
    'Information nics[0].bandwidthLimit',
    'Information nics[0].bandwidthReservation',
  ]);
});

test('none are not', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ bandwidthLimit: 0 }), nic()] }), []);
});
