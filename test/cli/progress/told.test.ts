import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Told } from '../../../src/cli/progress/told.ts';
import type { VmProgress } from '../../../src/model/plan.ts';
import type { PrecopyPass } from '../../../src/model/precopy.ts';

function state(phase: VmProgress['phase'], since: string, passes: readonly PrecopyPass[] = []): VmProgress {
  const warm = { id: 'x', checkpoints: {}, passes };
  return { vm: 'web', targetName: 'web', type: 'warm', phase, since, history: [], transfers: [], warm };
}

function pass(number: number, minute: number): PrecopyPass {
  return { number, checkpointAt: `2030-01-01T00:0${minute}:00.000Z`, bytes: 6000, copySeconds: 1, snapshotSeconds: 1 };
}

test('a phase that a VM comes back to is told once each time that it enters it', () => {
  const told = new Told();
  assert.equal(told.isNewPhase(state('AwaitPrecopy', 'a')), true);
  assert.equal(told.isNewPhase(state('AwaitPrecopy', 'a')), false);
  assert.equal(told.isNewPhase(state('AwaitPrecopy', 'b')), true);
});

test('what a VM waits for is told again only where it is something else, or in another phase', () => {
  const told = new Told();
  const outlook = { next: 'precopy', because: 'x' } as const;
  assert.equal(told.isNewOutlook('web', outlook), true);
  assert.equal(told.isNewOutlook('web', { ...outlook }), false);
  assert.equal(told.isNewOutlook('db', outlook), true);
  told.isNewPhase(state('AwaitPrecopy', 'b'));
  assert.equal(told.isNewOutlook('web', outlook), true);
});

test('a pass is told once with the rate at which the guest changed, and those of an earlier run are not', () => {
  const told = new Told();
  assert.equal(told.nextPass(state('Pending', 'a')), undefined);
  assert.equal(told.nextPass(state('AwaitPrecopy', 'b', [pass(1, 0)]))?.changeRate, undefined);
  assert.equal(told.nextPass(state('Snapshot', 'c', [pass(1, 0)])), undefined);
  assert.equal(told.nextPass(state('AwaitPrecopy', 'd', [pass(1, 0), pass(2, 1)]))?.changeRate, 100);
  assert.equal(new Told().nextPass(state('AwaitPrecopy', 'd', [pass(1, 0), pass(2, 1)])), undefined);
});
