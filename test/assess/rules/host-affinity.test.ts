import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/host-affinity.ts';
import { verdicts } from '../verdicts.ts';

test('a host rule is a warning', () => {
  assert.deepEqual(
    verdicts(rule, { placement: { hostRules: [{ name: 'licences', kind: 'affinity', mandatory: true, hosts: ['esx1'] }] } }),
    ['Warning placement.hostRules'],
  );
});

test('no rule is fine', () => {
  assert.deepEqual(verdicts(rule, { placement: { host: 'esx1' } }), []);
});
