import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-unseen.ts';
import { findings, verdicts } from '../verdicts.ts';
import { inspected } from './sample.ts';

test('why nobody could look is told', () => {
  const [finding] = findings(rule, {}, { unseen: 'libguestfs is not installed' });
  assert.match(finding?.assessment ?? '', /libguestfs/);
});

test('a look that was not tried, or went well, is no concern', () => {
  assert.deepEqual(verdicts(rule, {}), []);
  assert.deepEqual(verdicts(rule, {}, { inspection: inspected() }), []);
});
