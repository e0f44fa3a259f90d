/** When hooks run in a migration, and what comes of their ends: with everything else standing still. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hook, HookEnd, Hooks } from '../../src/contracts/hooks.ts';
import { type MigrateContext, migrateVm } from '../../src/migrate.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { HookMoment, VmPlan, VmProgress } from '../../src/model/plan.ts';
import { ITINERARIES } from '../../src/plan/itineraries.ts';

const MOMENTS: readonly HookMoment[] = ['BeforeCopy', 'AfterCopy', 'BeforeCutover', 'AfterCutover', 'OnFailure'];

interface World {
  readonly ends?: Readonly<Partial<Record<HookMoment, HookEnd['outcome']>>>;
  readonly onError?: Hook['onError'];
  /** CreateVm throws. */
  readonly broken?: boolean;
  /** As it was stored by an earlier process. */
  readonly stored?: VmProgress;
  readonly signal?: AbortSignal;
}

/** Migrates a VM without disks; tells what happened in order, and what was stored. */
async function migrate({ ends = {}, onError = 'Fail', broken = false, stored, signal = new AbortController().signal }: World) {
  const happened: string[] = [];
  const saved: VmProgress[] = stored === undefined ? [] : [stored];
  const hooks: Hooks = {
    all: MOMENTS.map((at, index) => ({ key: `${index}/0`, at, onError })),
    run: ({ at }) => {
      happened.push(at);
      return Promise.resolve({ outcome: ends[at] ?? 'succeeded', by: `job-${at}`, message: '' });
    },
  };
  const plan = { vm: { ref: { id: 'vm-1', name: 'web' }, name: 'web', disks: [] }, type: 'cold', itinerary: ITINERARIES.cold };
  const context = {
    hooks,
    connection: {},
    destination: {
      check: () => Promise.resolve(),
      claim: () => Promise.resolve(),
      createVm: () => {
        if (broken) throw new MigrationError('cluster-refused', 'No.');
        happened.push('VM');
        return Promise.resolve();
      },
    },
    copier: { preflight: () => Promise.resolve({ needed: 0 }) },
    store: {
      load: () => Promise.resolve(saved.at(-1)),
      save: (progress: VmProgress) => Promise.resolve(void saved.push(progress)),
    },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    observer: { phase: () => undefined },
    ...{ resume: true, verify: true, powerOnAfterFailure: true, signal },
  } as unknown as MigrateContext;
  const mapping = { targetName: 'web', placements: [], manifests: [] };
  const progress = await migrateVm({ ...plan, mapping } as unknown as VmPlan, context);
  return { progress, happened, saved };
}

test('hooks run at their moments, in order, and how they ended is stored', async () => {
  const { progress, happened } = await migrate({});
  assert.deepEqual(happened, ['BeforeCopy', 'AfterCopy', 'BeforeCutover', 'VM', 'AfterCutover']);
  assert.equal(progress.phase, 'Completed');
  assert.deepEqual(
    progress.hooks?.map(({ at, by, outcome }) => [at, by, outcome]),
    MOMENTS.slice(0, 4).map((at) => [at, `job-${at}`, 'succeeded']),
  );
});

test('a hook that fails is a failure of the VM, and the hooks for failures run', async () => {
  const { progress, happened } = await migrate({ ends: { BeforeCutover: 'timed-out' } });
  assert.deepEqual(happened, ['BeforeCopy', 'AfterCopy', 'BeforeCutover', 'OnFailure']);
  assert.equal(progress.phase, 'Failed');
  assert.deepEqual([progress.failure?.phase, progress.failure?.code], ['CreateVm', 'hook-failed']);
  assert.match(progress.failure?.message ?? '', /BeforeCutover did not end in time/);
});

test('a hook that may fail keeps nothing from going on, and is told all the same', async () => {
  const { progress, happened } = await migrate({ ends: { AfterCopy: 'failed' }, onError: 'Continue' });
  assert.equal(progress.phase, 'Completed');
  assert.ok(!happened.includes('OnFailure'));
  assert.equal(progress.hooks?.find(({ at }) => at === 'AfterCopy')?.outcome, 'failed');
});

test('a hook for failures that fails itself leaves the failure as it was', async () => {
  const { progress } = await migrate({ broken: true, ends: { OnFailure: 'failed' } });
  assert.equal(progress.failure?.code, 'cluster-refused');
  assert.equal(progress.hooks?.at(-1)?.outcome, 'failed');
});

test('whoever comes back at any stored state runs no hook twice', async () => {
  const whole = await migrate({});
  for (const stored of whole.saved) {
    const { progress, happened } = await migrate({ stored });
    const before = new Set(stored.hooks?.map(({ at }) => at));
    assert.equal(progress.phase, 'Completed');
    assert.deepEqual(
      happened.filter((what) => before.has(what as HookMoment)),
      [],
    );
    assert.equal(progress.hooks?.length, 4);
  }
});

test('a hook that failed before its failure was stored is a failure without a second run', async () => {
  const { saved } = await migrate({ ends: { AfterCopy: 'failed' } });
  const stored = saved.find(({ hooks, phase }) => phase === 'CopyDisks' && hooks?.at(-1)?.at === 'AfterCopy');
  assert.ok(stored);
  const { progress, happened } = await migrate({ stored });
  assert.equal(progress.failure?.code, 'hook-failed');
  assert.deepEqual(happened, ['OnFailure']);
});
