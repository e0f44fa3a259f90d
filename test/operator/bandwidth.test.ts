import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bandwidthOf } from '../../src/operator/bandwidth.ts';
import type { PlanResource, ProviderResource } from '../../src/operator/services.ts';

const about = { key: 'lab/x', namespace: 'lab', name: 'x', uid: 'u', generation: 1, deleting: false };

function planWith(bandwidth: string): PlanResource {
  const limits = { vms: 10, transfers: 4, priority: 0, bandwidth };
  const spec = {
    providerRef: { name: 'v' },
    selection: {},
    type: 'cold',
    verify: true,
    recheckSource: false,
    proveAll: false,
    dryRun: false,
  } as const;
  return { ...about, spec: { ...spec, limits, paused: false, canceled: false } };
}

function providerWith(bandwidth?: string): ProviderResource {
  const limits = { perHost: 4, perStorage: 8, ...(bandwidth !== undefined && { bandwidth }) };
  return { ...about, spec: { type: 'vsphere', url: 'vsphere://v', insecure: false, transport: 'auto', limits } };
}

test('all transfers at once together read no more than their plan and their source may', () => {
  assert.deepEqual(bandwidthOf(planWith('200MB/s'), providerWith()), [50e6]);
  assert.deepEqual(bandwidthOf(planWith('200MB/s'), providerWith('40 MB/s')), [50e6, 2e6], 'a source is shared by 20 at most');
  const [calendar] = bandwidthOf(planWith('Mon-Fri 08-18 = 0, else 40 MB/s, in Europe/Berlin'), providerWith());
  assert.ok(typeof calendar === 'object');
  assert.equal(calendar.otherwise, 10e6);
  assert.equal(calendar.rules[0]?.rate, 0, 'what stops everything stops each');
});

test('a bandwidth that is none is told with the place where it stands', () => {
  assert.throws(() => bandwidthOf(planWith('fast'), providerWith()), /^MigrationError: limits\.bandwidth of the plan x: /);
});
