import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/resource-reservation.ts';
import { verdicts } from '../verdicts.ts';

test('each reservation and limit is named', () => {
  assert.deepEqual(verdicts(rule, { cpu: { reservationMhz: 100, limitMhz: 200 }, memory: { reservation: 1, limit: 2 } }), [
    'Information cpu.reservationMhz',
    'Information cpu.limitMhz',
    'Information memory.reservation',
    'Information memory.limit',
  ]);
});

test('zero and unlimited are not', () => {
  assert.deepEqual(verdicts(rule, { cpu: { reservationMhz: 0, limitMhz: -1 } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
