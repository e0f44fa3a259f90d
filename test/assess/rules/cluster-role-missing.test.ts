import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cluster-role-missing.ts';
import { verdicts } from '../verdicts.ts';

test('a VM beside its cluster is a warning', () => {
  assert.deepEqual(
    verdicts(rule, { platform: { vendor: 'hyperv' }, placement: { cluster: 'c1' }, availability: { highAvailability: false } }),
    ['Warning availability.highAvailability'],
  );
});

test('a VM with a role is fine', () => {
  assert.deepEqual(
    verdicts(rule, {
      platform: { vendor: 'hyperv' },
      placement: { cluster: 'c1' },
      availability: { highAvailability: true, clusterRole: 'web' },
    }),
    [],
  );
});

test('not knowing is fine', () => {
  assert.deepEqual(verdicts(rule, { platform: { vendor: 'hyperv' }, placement: { cluster: 'c1' } }), []);
});
