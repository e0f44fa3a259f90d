/** What of a VM's way is written into its status, and how often. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusStore } from '../../../src/kube/resources/status-store.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import type { TransferJob } from '../../../src/model/transfer.ts';
import type { VmMigrationStatus } from '../../../src/resources/vm-migration.ts';

const KEYS = ['scsi0:0', 'scsi0:1'];

function open() {
  const written: VmMigrationStatus[] = [];
  const disks = KEYS.map((disk) => ({ disk, claim: disk, capacity: 100, done: 0, total: 0, stage: 'waiting' as const }));
  const placements = KEYS.map((disk) => ({ disk, claim: disk }));
  const vm = { ref: { id: 'vm-1', name: 'web' }, disks: KEYS.map((key) => ({ key, capacity: 100 })) };
  const plan = { vm, type: 'cold', mapping: { targetName: 'web', placements, manifests: [] } } as unknown as VmPlan;
  const store = new StatusStore({
    ...{ plan, status: { disks }, generation: 1 },
    write: (status) => Promise.resolve(void written.push(status)),
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    onPhase: () => undefined,
    onTrouble: (error) => assert.fail(String(error)),
  });
  const settled = async (): Promise<readonly VmMigrationStatus[]> => {
    await new Promise(setImmediate);
    return written;
  };
  return { store, settled };
}

const job = (disk: string): TransferJob => ({ disk }) as TransferJob;

test('figures of a disk are written four times on its whole way, however often they are told and whatever its siblings do', async () => {
  const { store, settled } = open();
  for (const stage of ['copy', 'prove'] as const) {
    for (let done = 0; done <= 1000; done += 1) {
      store.transferMoves({ job: `web/${KEYS[0]}`, stage, done, total: 1000 });
      store.transferMoves({ job: `web/${KEYS[1]}`, stage: 'copy', done: done / 100, total: 1000 });
    }
  }
  const written = await settled();
  // 20 to 80 percent, and its end, which the phase after it writes anyhow.
  assert.ok(written.length >= 4 && written.length <= 5, `${written.length} writes`);
  assert.equal(written.at(-1)?.disks?.[0]?.stage, 'prove');
});

test('why a disk or a hook waits is said until it waits no more', async () => {
  const { store, settled } = open();
  store.transferWaits(job('scsi0:0'), 'a node: 0/3 nodes are available');
  store.transferWaits(job('scsi0:1'), 'a node: none');
  assert.equal((await settled()).at(-1)?.waitingFor, 'Waiting for a node: 0/3 nodes are available');
  store.transferWaits(job('scsi0:0'), undefined);
  assert.equal((await settled()).at(-1)?.waitingFor, 'Waiting for a node: none');
  store.transferWaits(job('scsi0:1'), undefined);
  store.hookWaits('a hook: its worker: ErrImagePull');
  assert.equal((await settled()).at(-1)?.waitingFor, 'Waiting for a hook: its worker: ErrImagePull');
  store.hookWaits(undefined);
  assert.equal((await settled()).at(-1)?.waitingFor, undefined);
});
