import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOf } from '../../../src/cli/cluster/follow.ts';
import type { PlanState } from '../../../src/model/plan-state.ts';
import { failed, plan, vm } from '../../report/status/sample.ts';

const DONE = vm('done', { phase: 'Completed' });
const RUNNING = vm('runs', { phase: 'CopyDisks' });
const BLOCKED = vm('blocked', { open: ['no-disks'] });
const CANCELED = vm('canceled', { phase: 'Canceled' });

function of(total: number, change: Partial<PlanState> = {}): PlanState {
  return plan({ counts: { ...plan().counts, total }, ...change });
}

test('a plan has come to its end when each of its VMs has', () => {
  assert.equal(endOf(of(2), [DONE, RUNNING]), undefined);
  assert.equal(endOf(of(1), [DONE]), 'completed');
  assert.equal(endOf(of(2), [DONE, failed('x')]), 'failed');
  assert.equal(endOf(of(2), [DONE, CANCELED]), 'canceled');
  assert.equal(endOf(undefined, []), 'deleted');
});

test('VMs that nobody was told of yet are waited for', () => {
  assert.equal(endOf(of(0), []), undefined);
  assert.equal(endOf(of(3), [DONE]), undefined);
});

test('what was said of an earlier version of the plan ends nothing', () => {
  assert.equal(endOf(of(1, { current: false }), [DONE]), undefined);
  assert.equal(endOf(of(0, { current: false, state: 'ConfigInvalid' }), []), undefined);
});

test('open Critical concerns are an end once nothing else goes on', () => {
  assert.equal(endOf(of(2), [BLOCKED, RUNNING]), undefined);
  assert.equal(endOf(of(2), [BLOCKED, DONE]), 'blocked');
  assert.equal(endOf(of(1, { blocked: true }), [vm('waits')]), 'blocked');
  assert.equal(endOf(of(2, { blocked: true }), [vm('waits'), RUNNING]), undefined);
});

test('a plan that is canceled ends when blocked VMs are canceled too', () => {
  assert.equal(endOf(of(2, { canceled: true }), [BLOCKED, DONE]), undefined);
  assert.equal(endOf(of(2, { canceled: true }), [CANCELED, DONE]), 'canceled');
});

test('a VM that is about to be tried again has not ended', () => {
  assert.equal(endOf(of(1), [{ ...failed('x'), retry: 1 }]), undefined);
});

test('a dry run ends with its assessment, and a plan that makes no sense at once', () => {
  assert.equal(endOf(of(1, { dryRun: true }), [vm('waits')]), 'dry-run');
  assert.equal(endOf(of(0, { state: 'VmNotFound' }), []), 'refused');
});
