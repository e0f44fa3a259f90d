import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/tables/namespace-missing.ts';
import { tableFindings, tableVerdicts } from '../table-verdicts.ts';

const options = { devices: 'virtio', namespace: 'shop' } as const;

test('a namespace that the cluster does not have is critical, with the one that may be meant', () => {
  const [finding] = tableFindings(rule, { options, facts: { namespaces: [{ name: 'shops' }] } });
  assert.equal(finding?.assessment, 'The cluster has no namespace shop. Is shops meant?');
});

test('a namespace that is there, or not knowing, is fine', () => {
  assert.deepEqual(tableVerdicts(rule, { options, facts: { namespaces: [{ name: 'shop' }] } }), []);
  assert.deepEqual(tableVerdicts(rule, { options }), []);
});
