import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/plan/plan-over-capacity.ts';
import { assessPlan } from '../../../src/assess/plan.ts';
import { GiB } from '../../../src/model/units.ts';
import { mapSmall } from '../../mappings/map-small.ts';

const { mapping } = mapSmall({ memory: { size: GiB } });
const largest = { cpus: 8, memory: 8 * GiB };

test('more memory than the nodes have free is a warning', () => {
  const facts = { nodes: { count: 2, largest, free: { cpus: 8, memory: 2 * GiB } } };
  assert.deepEqual(assessPlan([mapping, mapping], { facts, options: {} }), []);
  const [concern] = assessPlan([mapping, mapping, mapping], { facts, options: {} });
  assert.deepEqual([concern?.id, concern?.category], [rule.id, 'Warning']);
});

test('what the nodes have free is not known', () => {
  assert.deepEqual(assessPlan([mapping, mapping], { facts: { nodes: { count: 1, largest } }, options: {} }), []);
});
