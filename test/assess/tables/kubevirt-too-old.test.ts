import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/tables/kubevirt-too-old.ts';
import { tableVerdicts } from '../table-verdicts.ts';

test('KubeVirt 1.5 is a warning', () => {
  assert.deepEqual(tableVerdicts(rule, { facts: { kubevirtVersion: 'v1.5.3' } }), ['Warning facts.kubevirtVersion']);
});

test('1.6 and later, or not knowing, is fine', () => {
  for (const facts of [{ kubevirtVersion: '1.6.0' }, { kubevirtVersion: 'v1.10.0' }, { kubevirtVersion: 'devel' }, {}])
    assert.deepEqual(tableVerdicts(rule, { facts }), []);
});
