import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPlacement } from '../../mappings/placement-rules.ts';
import { mapSmall } from './map-small.ts';

test('members of a rule wear one label and shun each other by it; other rules have other labels', () => {
  const placement = planPlacement([
    { kind: 'anti-affinity', key: 'DB nodes', members: ['vm-1', 'vm-2'] },
    { kind: 'anti-affinity', key: 'db_nodes', members: ['vm-1', 'vm-3'] },
    { kind: 'network', key: 'LAN', members: ['vm-1', 'vm-2'] },
    { kind: 'affinity', key: 'alone', members: ['vm-1'] },
  ]);
  const labels = placement.get('vm-1')?.map(({ label }) => label) ?? [];
  assert.equal(new Set(labels).size, 2);
  assert.equal(placement.get('vm-2')?.[0]?.label, labels[0]);
  const { machine } = mapSmall({}, { placement });
  for (const label of labels) assert.equal(machine.spec.template.metadata?.labels?.[label], 'anti-affinity');
  const terms = machine.spec.template.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  assert.deepEqual(
    terms.map(({ podAffinityTerm }) => Object.keys(podAffinityTerm.labelSelector.matchLabels)),
    labels.map((label) => [label]),
  );
  assert.equal(machine.spec.template.spec.affinity?.podAffinity, undefined);
});

test('rules are required where that was asked for', () => {
  const placement = planPlacement([{ kind: 'affinity', key: 'pair', members: ['vm-1', 'vm-2'] }]);
  const { machine } = mapSmall({}, { placement, options: { devices: 'virtio', placementRules: 'required' } });
  const { podAffinity } = machine.spec.template.spec.affinity ?? {};
  assert.equal(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length, 1);
  assert.equal(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, undefined);
});

test('a running VM is to run again, others stay off, and an option goes before', () => {
  const wish = (facts: Parameters<typeof mapSmall>[0], options = {}): unknown => {
    const { mapping, machine } = mapSmall(facts, { options: { devices: 'virtio', ...options } });
    assert.equal(machine.spec.runStrategy, 'Halted');
    assert.equal(machine.metadata.annotations?.['kubeferry.dev/run-strategy'], mapping.runStrategy);
    return mapping.runStrategy;
  };
  assert.equal(wish({ power: 'on' }), 'RerunOnFailure');
  assert.deepEqual([wish({ power: 'off' }), wish({ power: 'suspended' }), wish({})], ['Halted', 'Halted', 'Halted']);
  assert.equal(wish({ power: 'on', isTemplate: true }), 'Halted');
  assert.equal(wish({ power: 'off' }, { runStrategy: 'Always' }), 'Always');
});

test('tags and attributes become labels that do not overwrite each other; long texts stay annotations', () => {
  const { machine } = mapSmall({
    tags: [{ category: 'Backup', name: 'daily' }, { category: 'backup', name: 'Täglich!' }, { name: '☃' }],
    attributes: { Owner: 'Pay_Roll.1', Remarks: 'x'.repeat(64) },
  });
  assert.deepEqual(machine.metadata.labels, {
    'kubeferry.dev/vm': 'web',
    'tag.kubeferry.dev/backup': 'daily',
    'tag.kubeferry.dev/backup-2': 'taglich',
    'tag.kubeferry.dev/tag': 'snowman2',
    'attribute.kubeferry.dev/owner': 'Pay_Roll.1',
  });
});
