import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanState, VmState } from '../../src/model/plan-state.ts';
import { decide, judgePlan, judgeVm, type Switch, type Verdict } from '../../src/resources/switches.ts';
import { failed, plan, vm } from '../report/status/sample.ts';

const AT = '2030-01-05T23:00:00.000Z';
const RUNNING = vm('runs', { phase: 'CopyDisks' });
const DONE = vm('done', { phase: 'Completed' });
const ARRIVED = vm('arrived', { phase: 'AwaitCommit' });
const LEFT_OFF = { ...failed('off'), failure: { phase: 'CreateVm', code: 'x', message: '', hint: '', source: 'left-off' } };
const CANCELED = vm('stopped', { phase: 'Canceled', canceled: true, retry: 1, retried: 1 });

function one(command: Switch, about: VmState, of: Partial<PlanState> = {}): Verdict {
  return judgeVm(command, about, { plan: plan(of), at: AT });
}

function whole(command: Switch, vms: readonly VmState[], of: Partial<PlanState> = {}): Verdict | undefined {
  return judgePlan(command, vms, { plan: plan(of), at: AT });
}

function refusal(verdict: Verdict | undefined): string {
  assert.equal(verdict?.kind, 'refused');
  return verdict.because;
}

test('what makes sense sets exactly the fields that say so', () => {
  assert.deepEqual(one('cancel', RUNNING), { kind: 'set', spec: { canceled: true } });
  assert.deepEqual(one('pause', RUNNING), { kind: 'set', spec: { paused: true } });
  assert.deepEqual(one('resume', { ...RUNNING, paused: true }), { kind: 'set', spec: { paused: false } });
  assert.deepEqual(one('retry', failed('broken')), {
    kind: 'set',
    spec: { retry: 1, canceled: false, paused: false, rolledBack: false },
  });
  assert.deepEqual(one('cutover', RUNNING, { type: 'warm' }), { kind: 'set', spec: { cutover: AT } });
  assert.deepEqual(one('rollback', ARRIVED, { manualCommit: true }), { kind: 'set', spec: { rolledBack: true } });
  assert.deepEqual(one('rollback', LEFT_OFF), { kind: 'set', spec: { rolledBack: true } });
  assert.deepEqual(one('commit', ARRIVED, { manualCommit: true }), {
    kind: 'set',
    spec: { committed: true },
  });
  assert.deepEqual(whole('cancel', [RUNNING, DONE]), { kind: 'set', spec: { canceled: true } });
  assert.deepEqual(whole('pause', [RUNNING]), { kind: 'set', spec: { paused: true } });
  assert.deepEqual(whole('cutover', [RUNNING], { type: 'warm' }), { kind: 'set', spec: { cutover: AT } });
});

test('a cutover that was asked for is taken back, as long as it has not begun', () => {
  const withdraw = (about: VmState, of: Partial<PlanState> = {}): Verdict =>
    judgeVm('cutover', about, { plan: plan({ type: 'warm', ...of }), at: null });
  assert.deepEqual(withdraw({ ...RUNNING, cutover: AT }), { kind: 'set', spec: { cutover: null } });
  assert.equal(withdraw(RUNNING).kind, 'so');
  assert.match(refusal(withdraw(vm('x', { phase: 'CopyFinalDelta', cutover: AT }))), /cut over already/);
  assert.match(refusal(withdraw({ ...RUNNING, cutover: AT }, { cutover: AT })), /without naming VMs/);
  const whole = (of: Partial<PlanState>) => judgePlan('cutover', [RUNNING], { plan: plan({ type: 'warm', ...of }), at: null });
  assert.deepEqual(whole({ cutover: AT }), { kind: 'set', spec: { cutover: null } });
  assert.equal(whole({})?.kind, 'so');
});

test('a canceled VM that is tried again is no longer canceled, and its count goes on', () => {
  assert.deepEqual(one('retry', CANCELED), {
    kind: 'set',
    spec: { retry: 2, canceled: false, paused: false, rolledBack: false },
  });
});

test('what is so already is no mistake', () => {
  assert.equal(one('cancel', { ...RUNNING, canceled: true }).kind, 'so');
  assert.equal(one('retry', { ...failed('broken'), retry: 1 }).kind, 'so');
  assert.equal(whole('cancel', [RUNNING], { canceled: true })?.kind, 'so');
  assert.equal(whole('resume', [RUNNING])?.kind, 'so');
  assert.equal(one('commit', { ...DONE, committed: true }, { manualCommit: true }).kind, 'so');
  assert.equal(one('cutover', vm('x', { phase: 'CopyFinalDelta' }), { type: 'warm' }).kind, 'so');
  assert.equal(one('rollback', vm('x', { phase: 'RolledBack' })).kind, 'so');
});

test('nonsense is refused with its reason', () => {
  assert.match(refusal(one('cancel', DONE)), /come to its end: it is complete/);
  assert.match(refusal(one('cancel', vm('x', { phase: 'CreateVm' }))), /at its cutover, in CreateVm/);
  assert.match(refusal(one('cutover', RUNNING)), /The plan first is cold/);
  assert.match(refusal(one('retry', RUNNING)), /neither failed nor been canceled: it is under way/);
  assert.match(refusal(one('retry', failed('x'), { canceled: true })), /make another plan/);
  assert.match(refusal(one('rollback', DONE)), /commits by itself/);
  assert.match(refusal(one('rollback', RUNNING, { manualCommit: true })), /not in the cluster yet/);
  assert.match(refusal(one('rollback', failed('x'))), /commits by itself/);
  assert.match(refusal(one('rollback', vm('x', { phase: 'Committed' }), { manualCommit: true })), /way back is given up/);
  assert.match(refusal(one('commit', { ...ARRIVED, rolledBack: true }, { manualCommit: true })), /is rolled back/);
  assert.match(refusal(one('rollback', { ...LEFT_OFF, rolledBack: true })), /say `kubeferry retry`/);
  assert.match(refusal(one('cancel', ARRIVED)), /take it back with `kubeferry rollback`/);
  assert.match(refusal(one('resume', { ...RUNNING, paused: true }, { paused: true })), /plan first itself is paused/);
  assert.match(refusal(whole('cancel', [DONE, failed('x')])), /left to cancel/);
  assert.match(refusal(whole('pause', [RUNNING], { canceled: true })), /cannot be taken back/);
  assert.match(refusal(whole('rollback', [DONE])), /commits by itself/);
});

test('a command about a whole plan means the VMs that it can be about, and one about names means those', () => {
  const all = [failed('a'), failed('b'), RUNNING, CANCELED];
  const about = { plan: plan(), at: AT };
  const names = ({ vms }: ReturnType<typeof decide>): readonly string[] => vms.map(({ vm: { name } }) => name);
  assert.deepEqual(names(decide('retry', { all }, about)), ['a', 'b']);
  assert.deepEqual(names(decide('retry', { all, named: [CANCELED] }, about)), ['stopped']);
  assert.deepEqual(decide('pause', { all }, about), { plan: { paused: true }, vms: [], so: [], refused: [] });
  const back = decide('rollback', { all: [ARRIVED, LEFT_OFF, RUNNING, DONE] }, about);
  assert.deepEqual(names(back), ['arrived', 'off']);
  const mixed = decide('retry', { all, named: [failed('a'), RUNNING] }, about);
  assert.deepEqual(mixed.refused, ['runs has neither failed nor been canceled: it is under way.']);
  const none = decide('commit', { all: [] }, { ...about, plan: plan({ manualCommit: true }) });
  assert.deepEqual(none, { vms: [], so: [], refused: [] });
});
