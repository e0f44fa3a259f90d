import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/image-size-odd.ts';
import { verdicts } from '../verdicts.ts';

test('an image between two sectors is a warning', () => {
  assert.deepEqual(verdicts(rule, { extras: [{ path: 'image/size', value: '1000' }] }), ['Warning extras[0]']);
});

test('whole sectors are fine', () => {
  assert.deepEqual(verdicts(rule, {}), []);
});
