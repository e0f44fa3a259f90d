import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/eula.ts';
import { verdicts } from '../verdicts.ts';

test('licence texts are counted', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', eulas: 2 } }), [
    'Information packaging.eulas',
  ]);
});

test('no text, no word', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', eulas: 0 } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
