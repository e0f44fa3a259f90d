import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cpu-affinity.ts';
import { verdicts } from '../verdicts.ts';

test('a binding to host processors is a warning', () => {
  assert.deepEqual(verdicts(rule, { cpu: { affinity: '0,2' } }), ['Warning cpu.affinity']);
});

test('no binding is no concern', () => {
  assert.deepEqual(verdicts(rule, { cpu: { affinity: '' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
