import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/vgpu.ts';
import { verdicts } from '../verdicts.ts';

test('a virtual GPU is critical', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'vgpu', label: 'grid_p4' }] }), ['Critical devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
