import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/warm-untracked.ts';
import { disk } from '../../mappings/small-vm.ts';
import { findings, verdicts } from '../verdicts.ts';

const disks = [disk({ changeTracking: false, label: 'Hard disk 1' }), disk({ changeTracking: true })];
const snapshots = { count: 2 };

test('snapshots that keep tracking off are told before a warm migration', () => {
  assert.match(findings(rule, { disks, snapshots }, { type: 'warm' })[0]?.assessment ?? '', /2 snapshots keep Hard disk 1 /);
});

test('nothing is told of a cold one, without snapshots, where tracking is on already, or of Hyper-V', () => {
  assert.deepEqual(verdicts(rule, { disks, snapshots }), []);
  assert.deepEqual(verdicts(rule, { disks, snapshots: { count: 0 } }, { type: 'warm' }), []);
  assert.deepEqual(verdicts(rule, { disks, snapshots: {} }, { type: 'warm' }), []);
  assert.deepEqual(verdicts(rule, { disks: disks.slice(1), snapshots }, { type: 'warm' }), []);
  assert.deepEqual(verdicts(rule, { disks, snapshots, platform: { vendor: 'hyperv' } }, { type: 'warm' }), []);
});
