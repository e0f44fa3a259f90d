import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/configuration-chosen.ts';
import { verdicts } from '../verdicts.ts';

test('the choice among several configurations is shown', () => {
  assert.deepEqual(
    verdicts(rule, {
      packaging: { kind: 'ova', descriptor: 'a.ovf', configuration: { chosen: 'small', available: ['small', 'large'] } },
    }),
    ['Information packaging.configuration'],
  );
});

test('where there is one configuration nothing was chosen', () => {
  assert.deepEqual(
    verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', configuration: { chosen: 'small', available: ['small'] } } }),
    [],
  );
  assert.deepEqual(verdicts(rule, {}), []);
});
