import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cpu-compatibility.ts';
import { verdicts } from '../verdicts.ts';

test('a baseline is told', () => {
  assert.deepEqual(verdicts(rule, { cpu: { evcMode: 'intel-skylake', compatibilityMode: true } }), [
    'Information cpu.evcMode',
    'Information cpu.compatibilityMode',
  ]);
});

test('none, or not knowing, is not', () => {
  assert.deepEqual(verdicts(rule, { cpu: { compatibilityMode: false } }), []);
});
