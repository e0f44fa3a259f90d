import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intentOf } from '../../src/operator/intent.ts';
import type { PlanResource, VmResource } from '../../src/operator/services.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');

function vmWith(status: VmResource['status'], spec: Partial<VmResource['spec']> = {}, deleting = false): VmResource {
  return {
    ...{ key: 'lab/web', namespace: 'lab', name: 'web', uid: 'u', generation: 1, deleting },
    spec: {
      ...{ planRef: { name: 'plan' }, vm: { id: 'vm-1', name: 'web' }, retry: 0 },
      ...{ paused: false, canceled: false, committed: false, rolledBack: false, ...spec },
    },
    status: { targetName: 'web', ...status },
  };
}

function planWith(spec: Partial<PlanResource['spec']> = {}, assessed: 'True' | 'False' = 'True'): PlanResource {
  const condition = { type: 'Assessed', status: assessed, reason: 'r', message: '', lastTransitionTime: '' };
  return {
    ...{ key: 'lab/plan', namespace: 'lab', name: 'plan', uid: 'p', generation: 2, deleting: false },
    spec: {
      ...{ providerRef: { name: 'v' }, selection: {}, type: 'cold', verify: true, recheckSource: false, proveAll: false },
      ...{ dryRun: false, paused: false, canceled: false, ...spec },
    },
    status: { observedGeneration: 2, conditions: [condition] },
  };
}

test('a VM begins when its plan is assessed as it stands and nothing holds it back', () => {
  const vm = vmWith({});
  const intent = (plan: PlanResource) => intentOf(vm, plan, NOW);
  assert.equal(intent(planWith()), 'run');
  assert.equal(intent(planWith({}, 'False')), 'nothing');
  assert.equal(intent({ ...planWith(), generation: 3 }), 'nothing');
  for (const held of ['dryRun', 'paused'] as const) assert.equal(intent(planWith({ [held]: true })), 'nothing');
  assert.equal(intentOf(vmWith({ critical: 1 }), planWith(), NOW), 'nothing');
  assert.equal(intentOf(vm, undefined, NOW), 'nothing');
});

test('the schedule says when VMs begin, and ends those that have not', () => {
  const schedule = { precopyEvery: '1h' };
  const at = (hour: number): string => `2026-05-01T${hour}:00:00Z`;
  const intent = (more: object, phase?: string) =>
    intentOf(vmWith(phase === undefined ? {} : { phase }), planWith({ schedule: { ...schedule, ...more } }), NOW);
  assert.equal(intent({ start: at(13) }), 'nothing');
  assert.equal(intent({ start: at(12) }), 'run');
  assert.equal(intent({ deadline: at(12) }), 'expire');
  assert.equal(intent({ deadline: at(11) }, 'CopyDisks'), 'run', 'what has begun comes to its end');
});

test('what has begun goes on when its plan is paused, and is stopped when it is canceled before the cutover', () => {
  assert.equal(intentOf(vmWith({ phase: 'CopyDisks' }), planWith({ paused: true }), NOW), 'run');
  assert.equal(intentOf(vmWith({ phase: 'CopyDisks' }, { paused: true }), planWith(), NOW), 'nothing');
  assert.equal(intentOf(vmWith({ phase: 'CopyDisks' }, { canceled: true }), planWith(), NOW), 'stop');
  for (const phase of ['CreateVm', 'Prove', 'AwaitCommit', 'RollBack', 'InspectTarget']) {
    assert.equal(intentOf(vmWith({ phase }, { canceled: true }), planWith(), NOW), 'run');
    assert.equal(intentOf(vmWith({ phase }), planWith({ canceled: true }), NOW), 'run', 'its target is kept to be looked at');
  }
  assert.equal(intentOf(vmWith({}, { canceled: true }), planWith({}, 'False'), NOW), 'cancel');
});

test('a retry is one more than was acted on, and only of what failed or was canceled', () => {
  const retried = (phase: string, retry: number, done: number) =>
    intentOf(vmWith({ phase, retried: done }, { retry }), planWith(), NOW);
  assert.equal(retried('Failed', 1, 0), 'run');
  assert.equal(retried('Canceled', 2, 1), 'run');
  assert.equal(retried('Failed', 1, 1), 'nothing');
  assert.equal(retried('Completed', 1, 0), 'nothing');
});

test('a VM that is deleted is cleared up, after its source was brought back where that was stopped', () => {
  const deleted = (status: VmResource['status']) => intentOf(vmWith(status, {}, true), undefined, NOW);
  assert.equal(deleted({}), 'clear');
  assert.equal(deleted({ phase: 'Completed' }), 'clear');
  assert.equal(deleted({ phase: 'CopyDisks' }), 'clear', 'an image that nobody stopped');
  assert.equal(deleted({ phase: 'CopyDisks', sourceStopped: true }), 'stop');
  assert.equal(deleted({ phase: 'CreateVm', sourceStopped: true }), 'run', 'two copies of it would run');
});
