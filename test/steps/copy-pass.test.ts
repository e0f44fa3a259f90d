/** A pass over a snapshot that froze other disks than those of the plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import type { StepEvent, VmProgress } from '../../src/model/plan.ts';
import { begin } from '../../src/plan/advance.ts';
import { copyDisks } from '../../src/steps/copy-disks.ts';
import { createQueue } from '../../src/transfer/queue.ts';
import { fakePlan, fakeVm } from '../fakes/vm.ts';

test('a snapshot that does not know a disk of the plan is removed, and another one is taken', async () => {
  const disks = ['scsi0:0', 'scsi0:1'].map((key) => ({ key, label: key, capacity: 1024, format: { container: 'raw' } as const }));
  const plan = { ...fakePlan(fakeVm({ disks })), type: 'warm' } as const;
  const held = {
    id: 'snapshot-7',
    name: 'kubeferry web 1',
    pass: 1,
    at: '2026-01-02T03:04:05.000Z',
    seconds: 1,
    checkpoints: {},
  };
  const begun: VmProgress = begin(plan, '2026-01-02T03:04:05.000Z');
  const progress: VmProgress = { ...begun, phase: 'CopyDisks', warm: { id: 'w', checkpoints: {}, passes: [], held } };
  const recorded: StepEvent[] = [];
  const removed: string[] = [];
  const event = await copyDisks(plan, progress, {
    destination: {
      check: async () => undefined,
      claim: async () => undefined,
      diskTarget: (_plan, disk) => ({ kind: 'raw-file', path: `/nowhere/${disk}` }),
      createVm: async () => undefined,
      publish: async () => undefined,
    },
    transfers: createQueue({}),
    copier: { preflight: async () => ({ needed: 0 }), copy: () => assert.fail('nothing can be copied') },
    connection: {
      name: 'vcenter',
      async *vms() {
        yield plan.vm;
      },
      surroundings: async () => ({ networks: [], storages: [], hosts: [] }),
      openDisk: async (_vm, disk) => {
        if (disk === 'scsi0:0') return { kind: 'blank', capacity: 1024 };
        throw new MigrationError('disks-changed', 'The VM had no disk scsi0:1 when it was frozen');
      },
      snapshots: {
        create: () => assert.fail('that is another phase'),
        find: async () => ({ ...held, consistency: 'crash' }),
        remove: async (_vm, id) => void removed.push(id),
      },
      [Symbol.asyncDispose]: async () => undefined,
    },
    observer: { phase() {}, transferStarts() {}, transferMoves() {}, transferEnds() {} },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    powerOnAfterFailure: true,
    verify: true,
    signal: new AbortController().signal,
    record: async (each) => void recorded.push(each),
  });
  assert.deepEqual(event, { kind: 'turned', to: 'Snapshot' });
  assert.deepEqual(removed, ['snapshot-7']);
  assert.deepEqual(recorded, [{ kind: 'snapshot-released' }]);
});
