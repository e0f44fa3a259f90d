import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/image-snapshots.ts';
import { verdicts } from '../verdicts.ts';

test('snapshots inside an image are a warning', () => {
  assert.deepEqual(verdicts(rule, { extras: [{ path: 'image/internalSnapshots', value: '2' }] }), ['Warning extras[0]']);
});

test('none is fine', () => {
  assert.deepEqual(verdicts(rule, {}), []);
});
