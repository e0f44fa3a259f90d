import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import type { StepEvent, VmPlan, VmProgress, WarmProgress } from '../../src/model/plan.ts';
import { awaitPrecopy } from '../../src/steps/await-precopy.ts';
import type { StepContext } from '../../src/steps/step.ts';
import { fakePlan, fakeVm } from '../fakes/vm.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');
const PLAN: VmPlan = { ...fakePlan(fakeVm()), type: 'warm', warm: { fixed: { low: 1, likely: 2, high: 3 }, goal: 60 } };
const HELD = { id: 's-1', name: 'ours', pass: 2, at: '2026-01-02T03:00:00.000Z', seconds: 1, checkpoints: {} };
const PASS = { number: 1, checkpointAt: '2026-01-02T02:00:00.000Z', bytes: 4096, copySeconds: 1, snapshotSeconds: 1 };

async function waitWith(warm: Partial<WarmProgress>, remove: () => Promise<void>) {
  const told: StepEvent[] = [];
  const progress = { type: 'warm', warm: { id: 'w', checkpoints: {}, passes: [PASS], ...warm } } as unknown as VmProgress;
  const snapshots = { remove, find: () => Promise.resolve(HELD) };
  const context = {
    connection: { snapshots },
    clock: { now: () => NOW, sleep: () => Promise.resolve() },
    signal: new AbortController().signal,
    record: (event: StepEvent) => Promise.resolve(void told.push(event)),
  } as unknown as StepContext;
  return { event: await awaitPrecopy(PLAN, progress, context), told };
}

test('a snapshot that a failed pass left goes before the VM waits', async () => {
  const removed: string[] = [];
  const { told } = await waitWith({ held: HELD }, () => Promise.resolve(void removed.push('gone')));
  assert.deepEqual(removed, ['gone']);
  assert.deepEqual(told, [{ kind: 'snapshot-released' }]);
});

test('where it does not go the VM waits for nothing else, and not for long', async () => {
  const away = () => Promise.reject(new MigrationError('source-unreachable', 'The vCenter is away.'));
  const { event, told } = await waitWith({ held: HELD }, away);
  assert.equal(event.kind, 'parked');
  assert.match(event.outlook.because, /has to go: The vCenter is away/);
  assert.equal(event.outlook.at, new Date(NOW + 30_000).toISOString());
  assert.deepEqual(told, []);
});

test('that of a first copy stays: the copy goes on with it', async () => {
  const setback = { count: 1, code: 'source-unreachable', message: 'away', at: new Date(NOW).toISOString() } as const;
  const { told } = await waitWith({ held: { ...HELD, pass: 1 }, passes: [], setback }, () => assert.fail('it is in use'));
  assert.deepEqual(told, []);
});
