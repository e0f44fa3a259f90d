import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/parallel-port.ts';
import { verdicts } from '../verdicts.ts';

test('a parallel port is lost', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'parallel', label: 'Parallel port 1' }] }), ['Warning devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
