import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/image-dirty.ts';
import { verdicts } from '../verdicts.ts';

test('an image that was not closed is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      extras: [
        { path: 'image/dirty', value: 'true' },
        { path: 'disk/image/savedState', value: '1' },
      ],
    }),
    ['Warning extras[0]', 'Warning extras[1]'],
  );
});

test('a clean one is fine', () => {
  assert.deepEqual(verdicts(rule, { extras: [{ path: 'image/compression', value: 'zstd' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
