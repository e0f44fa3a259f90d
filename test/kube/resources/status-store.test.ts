/** What of a VM's way is written into its status, and how often. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusStore } from '../../../src/kube/resources/status-store.ts';
import type { GuestOutcome } from '../../../src/model/conversion.ts';
import type { VmPlan, VmProgress } from '../../../src/model/plan.ts';
import type { TransferJob, TransferResult } from '../../../src/model/transfer.ts';
import { VM_MIGRATION, type VmMigrationStatus } from '../../../src/resources/vm-migration.ts';

const KEYS = ['scsi0:0', 'scsi0:1'];

function open(now: () => number = () => 0, before: VmMigrationStatus = {}) {
  const written: VmMigrationStatus[] = [];
  const disks = KEYS.map((disk) => ({ disk, claim: disk, capacity: 100, done: 0, total: 0, stage: 'waiting' as const }));
  const placements = KEYS.map((disk) => ({ disk, claim: disk }));
  const vm = { ref: { id: 'vm-1', name: 'web' }, disks: KEYS.map((key) => ({ key, capacity: 100 })) };
  const plan = { vm, type: 'cold', mapping: { targetName: 'web', placements, manifests: [] } } as unknown as VmPlan;
  const store = new StatusStore({
    ...{ plan, status: { disks, ...before }, generation: 1 },
    write: (status) => Promise.resolve(void written.push(status)),
    clock: { now: () => now(), sleep: () => Promise.resolve() },
    onPhase: () => undefined,
    onTrouble: (error) => assert.fail(String(error)),
  });
  const settled = async (): Promise<readonly VmMigrationStatus[]> => {
    await new Promise(setImmediate);
    return written;
  };
  return { store, settled, plan };
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

test('what is done to a guest is said at once, and then not more often than anybody looks; a new phase ends it', async () => {
  let now = 0;
  const { store, settled, plan } = open(() => now);
  await store.save(CONVERTING);
  const before = (await settled()).length;
  for (const [index, text] of ['Opening the disks', 'Picking a kernel', 'Making RAM disks', 'Making RAM disks'].entries()) {
    now = index * 6000;
    store.guestWork(plan, text);
    await settled();
  }
  const written = (await settled()).slice(before);
  assert.deepEqual(
    written.map(({ doing, conditions }) => [doing, conditions?.[0]?.message]),
    [
      ['Opening the disks', 'Convert: Opening the disks'],
      ['Making RAM disks', 'Convert: Making RAM disks'],
    ],
  );
  store.guestWaits(plan, 'a node: none');
  assert.equal((await settled()).at(-1)?.waitingFor, 'Waiting for a node: none');
  await store.save({ ...CONVERTING, phase: 'CreateVm' });
  assert.equal((await settled()).at(-1)?.doing, undefined);
});

test('what was done to a guest is found again by the next process, with the hashes of what its disks were and are', async () => {
  const first = open();
  const proof = { algorithm: 'sha256', blockSize: 65_536, size: 100, allocated: 100 } as const;
  const sealed = { ...RESULT, proof: { ...proof, root: 'bb', copied: 'aa' } };
  const progress: VmProgress = { ...CONVERTING, transfers: [sealed, { ...RESULT, job: 'web/scsi0:1' }], conversion: OUTCOME };
  await first.store.save(progress);
  const [status] = (await first.settled()).slice(-1);
  assert.ok(status);
  assert.deepEqual(VM_MIGRATION.status.parse(status), status, 'the definition takes it');
  assert.equal(status.guest?.seconds, 12.5);
  const again = await open(undefined, status).store.load();
  assert.deepEqual(again?.conversion, OUTCOME);
  assert.deepEqual(again?.transfers, progress.transfers);
});

test('a long list of changes is cut, and says so', async () => {
  const { store, settled } = open();
  const changes = Array.from({ length: 100 }, (_, index) => ({ subject: 'system' as const, what: `Change ${index}` }));
  await store.save({ ...CONVERTING, conversion: { ...OUTCOME, changes } });
  const [status] = (await settled()).slice(-1);
  assert.equal(status?.guest?.changes.length, 64);
  assert.equal(status?.guest?.changes.at(-1)?.what, 'And 37 more.');
});

const RESULT: TransferResult = { job: 'web/scsi0:0', size: 100, moved: 100, allocated: 100, seconds: 1, transport: 'file' };
const CONVERTING: VmProgress = {
  ...{ vm: 'vm-1', targetName: 'web', type: 'cold', phase: 'Convert', since: '2030-01-01T00:00:00Z', history: [] },
  transfers: [],
};
const OUTCOME: GuestOutcome = {
  ...{ policy: 'convert', copy: 'today', accelerator: 'kvm', converter: 'virt-v2v-in-place 2.2.0', guest: 'Debian 12' },
  changes: [{ subject: 'network', what: 'ens192 keeps its name.', file: '/etc/systemd/network/10-ens192.link' }],
  warnings: ['The guest agent is not installed.'],
  configured: [{ mac: '00:50:56:ab:cd:01', addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'] }],
  agent: 'present',
  seconds: [
    { phase: 'convert', seconds: 10.5 },
    { phase: 'commit', seconds: 2 },
  ],
  disks: [{ disk: 'scsi0:0', changed: 65_536, root: 'bb' }],
};
