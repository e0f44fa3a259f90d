import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/floppy.ts';
import { verdicts } from '../verdicts.ts';

test('a floppy drive is lost', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'floppy', label: 'Floppy drive 1' }] }), ['Warning devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
