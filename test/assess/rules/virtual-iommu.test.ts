import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/virtual-iommu.ts';
import { verdicts } from '../verdicts.ts';

test('a virtual IOMMU is told', () => {
  assert.deepEqual(verdicts(rule, { firmware: { iommu: true } }), ['Information firmware.iommu']);
});

test('none, or not knowing, is not', () => {
  assert.deepEqual(verdicts(rule, { firmware: { iommu: false } }), []);
});
