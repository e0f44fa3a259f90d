import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { QueueLimits } from '../../src/contracts/job-queue.ts';
import { FolderDestination } from '../../src/folder/folder-destination.ts';
import type { VmPlan, VmProgress } from '../../src/model/plan.ts';
import type { TransferJob } from '../../src/model/transfer.ts';
import { GiB } from '../../src/model/units.ts';
import { begin } from '../../src/plan/advance.ts';
import { runFiles, vmFiles } from '../../src/report/folder.ts';
import { copyDisks, copyFinalDelta } from '../../src/steps/copy-disks.ts';
import type { Step } from '../../src/steps/step.ts';
import { createQueue } from '../../src/transfer/queue.ts';
import { fakePlan, fakeVm } from '../fakes/vm.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-steps-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const { signal } = new AbortController();
const KEYS = ['scsi0:0', 'scsi0:1', 'scsi0:2', 'scsi0:3'];

interface Outcome {
  /** Disks that were in hand at once at most. */
  readonly most: number;
  readonly jobs: readonly TransferJob[];
}

/** Copies four disks into one folder. */
async function copied(
  limits: QueueLimits,
  more: { readonly recheckSource?: boolean; readonly proveAll?: boolean; readonly verify?: boolean } = {},
  step: Step = copyDisks,
  conversion?: VmPlan['conversion'],
): Promise<Outcome> {
  const disks = KEYS.map((key) => ({ key, label: key, capacity: GiB, format: { container: 'raw' } as const }));
  const plan = { ...fakePlan(fakeVm({ disks })), ...(conversion && { conversion }) };
  await using destination = new FolderDestination(await mkdtemp(path.join(SCRATCH, 'out-')), { vmFiles, runFiles });
  await destination.claim([plan], { resume: false });
  let now = 0;
  let most = 0;
  const jobs: TransferJob[] = [];
  const progress: VmProgress = begin(plan, '2026-01-02T03:04:05.000Z');
  await step(plan, progress, {
    destination,
    transfers: createQueue(limits),
    copier: {
      preflight: async () => ({ needed: 0 }),
      copy: async (job) => {
        jobs.push(job);
        now += 1;
        most = Math.max(most, now);
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        now -= 1;
        return { job: job.id, size: GiB, moved: 0, allocated: 0, seconds: 0, transport: 'none' };
      },
    },
    connection: {
      name: 'files',
      async *vms() {
        yield plan.vm;
      },
      surroundings: async () => ({ networks: [], storages: [], hosts: [] }),
      openDisk: async () => ({ kind: 'blank', capacity: GiB }),
      [Symbol.asyncDispose]: async () => undefined,
    },
    observer: {
      phase: () => undefined,
      transferStarts: () => undefined,
      transferMoves: () => undefined,
      transferEnds: () => undefined,
    },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    powerOnAfterFailure: true,
    verify: true,
    ...more,
    signal,
    record: async () => undefined,
  });
  return { most, jobs };
}

test('disks of one folder are counted against the limit of its file system', async () => {
  assert.equal((await copied({ perPlan: 8 })).most, KEYS.length);
  assert.equal((await copied({ perPlan: 8, perTarget: 2 })).most, 2);
  assert.equal((await copied({ perPlan: 8, perTarget: 1 })).most, 1);
});

test('sources are read a second time on request', async () => {
  const asked = async (recheckSource: boolean): Promise<readonly unknown[]> =>
    (await copied({}, { recheckSource })).jobs.map((job) => job.recheckSource);
  assert.deepEqual(await asked(true), [true, true, true, true]);
  assert.deepEqual(await asked(false), [undefined, undefined, undefined, undefined]);
});

test('the hashes of disks that were proven are kept where a conversion changes them next', async () => {
  const keeps = async (verify: boolean, policy: 'convert' | 'skip'): Promise<readonly unknown[]> =>
    (await copied({}, { verify }, copyDisks, { policy })).jobs.map((job) => job.keepsHashes);
  assert.deepEqual(await keeps(true, 'convert'), [true, true, true, true]);
  assert.deepEqual(await keeps(true, 'skip'), [undefined, undefined, undefined, undefined]);
  assert.deepEqual(await keeps(false, 'convert'), [undefined, undefined, undefined, undefined]);
});

test('all of a target is read back on request, where deltas came to it', async () => {
  const asked = async (step: Step, proveAll: boolean): Promise<readonly unknown[]> =>
    (await copied({}, { proveAll }, step)).jobs.map((job) => job.proveAll);
  assert.deepEqual(await asked(copyFinalDelta, true), [true, true, true, true]);
  assert.deepEqual(await asked(copyFinalDelta, false), [undefined, undefined, undefined, undefined]);
  assert.deepEqual(
    await asked(copyDisks, true),
    [undefined, undefined, undefined, undefined],
    'a first copy is read back anyway',
  );
});
