import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/sound-card.ts';
import { verdicts } from '../verdicts.ts';

test('a sound card is noted', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'sound', label: 'Sound card' }] }), ['Information devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
