import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/plan/plan-over-quota.ts';
import { assessPlan } from '../../../src/assess/plan.ts';
import { GiB } from '../../../src/model/units.ts';
import { mapSmall } from '../../mappings/map-small.ts';
import { disk } from '../../mappings/small-vm.ts';

const { mapping } = mapSmall({ disks: [disk()], memory: { size: GiB } });
const facts = {
  quotas: [{ namespace: 'vms', name: 'q', hard: { persistentvolumeclaims: 3 }, used: { persistentvolumeclaims: 1 } }],
};

test('VMs that fit one by one and not together are critical', () => {
  const [concern, ...others] = assessPlan([mapping, mapping, mapping], { facts, options: { namespace: 'vms' } });
  assert.deepEqual([concern?.id, concern?.category, others], [rule.id, 'Critical', []]);
  assert.match(concern?.assessment ?? '', /2 of persistentvolumeclaims left.*need 3 together\.$/);
});

test('what fits is fine, and so is any other namespace', () => {
  assert.deepEqual(assessPlan([mapping, mapping], { facts, options: { namespace: 'vms' } }), []);
  assert.deepEqual(assessPlan([mapping, mapping, mapping], { facts, options: { namespace: 'other' } }), []);
  assert.deepEqual(assessPlan([mapping, mapping, mapping], { facts, options: {} }), []);
});
