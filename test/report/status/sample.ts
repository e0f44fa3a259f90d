/** Plans and VMs as a cluster might hold them. */
import type { PlanState, VmState } from '../../../src/model/plan-state.ts';
import { GiB } from '../../../src/model/units.ts';

export function plan(change: Partial<PlanState> = {}): PlanState {
  return {
    ...{ namespace: 'web', name: 'first', uid: 'p1', provider: 'vcenter', type: 'cold' },
    ...{ state: 'Running', message: '1 of 3 VMs are complete.', current: true, blocked: false },
    ...{ paused: false, canceled: false, dryRun: false, manualCommit: false, missing: [] },
    counts: { total: 3, waiting: 1, running: 1, completed: 1, failed: 0, canceled: 0 },
    ...{ moved: 5 * GiB, total: 30 * GiB, progress: 16, createdAt: '2026-01-01T00:00:00Z' },
    ...change,
  };
}

export function vm(name: string, change: Partial<VmState> = {}): VmState {
  return {
    ...{ namespace: 'web', name: `first-${name}`, uid: `uid-${name}`, resourceVersion: '1', plan: 'first' },
    ...{ vm: { id: `vm-${name}`, name }, targetName: name, done: 0, total: 10 * GiB, open: [] },
    ...{ paused: false, canceled: false, committed: false, rolledBack: false, retry: 0, retried: 0 },
    ...change,
  };
}

export function failed(name: string): VmState {
  const failure = { phase: 'CopyDisks', code: 'target-full', message: 'The claim is full.', hint: 'Make it larger.' };
  return vm(name, { phase: 'Failed', failure });
}
