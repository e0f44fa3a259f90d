import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { changeTracking } from '../../../providers/hyperv/changes.ts';
import { imageDigest, writeTrackedState } from '../../../providers/hyperv/checkpoint-id.ts';
import type { Extent } from '../../../src/model/transfer.ts';
import type { Machine } from '../../peers/hyperv/machine.ts';
import { startHyperv } from '../../peers/hyperv.ts';
import { hostFacts, scripted } from './scripted.ts';
import { live, open, refOf } from './simulated.ts';

const MiB = 1024 * 1024;
const KiB = 1024;
const DISK = 'scsi0:0';

const hyperv = await startHyperv();
const connection = await open(hyperv);
const snapshots = connection.snapshots ?? assert.fail();
const changes = connection.changes ?? assert.fail();
after(async () => {
  await connection[Symbol.asyncDispose]();
  await hyperv[Symbol.asyncDispose]();
});

let made = 0;

async function freeze(machine: Machine): Promise<{ readonly id: string; readonly name: string }> {
  made += 1;
  return await snapshots.create(refOf(machine), { name: `kubeferry ${machine.facts.name} ${made}`, quiesce: 'no' }, live());
}

async function settle(machine: Machine): Promise<string> {
  const settled = await snapshots.settle?.(refOf(machine), await freeze(machine), live());
  return settled?.[DISK] ?? assert.fail('it is not counted');
}

async function changed(machine: Machine, checkpoint: string, snapshot?: string): Promise<readonly Extent[]> {
  const request = { vm: refOf(machine), disk: DISK, since: { checkpoint }, ...(snapshot !== undefined && { snapshot }) };
  return await Array.fromAsync(changes.changed(request, live()));
}

test('changes are told of a frozen disk and of one that is off, joined and in order, over as many questions as the host wants', async () => {
  const web = await hyperv.add('web', { disks: [{ capacity: 8 * MiB, granularity: 32 * KiB }] });
  const first = await settle(web);
  const disk = web.disk(DISK);
  for (const at of [0, 32, 64, 1000, 4096, 8160]) disk.write(at * KiB, Buffer.alloc(4 * KiB, 7));
  for (const most of [undefined, 3 * MiB, 400 * KiB]) {
    hyperv.partial(most);
    const snapshot = await freeze(web);
    const expected = [
      { offset: 0, length: 96 * KiB },
      { offset: 992 * KiB, length: 32 * KiB },
      { offset: 4096 * KiB, length: 32 * KiB },
      { offset: 8160 * KiB, length: 32 * KiB },
    ];
    assert.deepEqual(await changed(web, first, snapshot.id), expected);
    await snapshots.remove(refOf(web), snapshot.id, live());
  }
  hyperv.partial(3 * MiB);
  const second = await settle(web);
  disk.write(5 * MiB, Buffer.alloc(1, 9));
  await web.powerOff('guest');
  assert.deepEqual(await changed(web, second), [{ offset: 5 * MiB, length: 32 * KiB }]);
});

test('a count that is lost is told as lost: its point is gone, the host began anew, or another image is on top', async () => {
  const db = await hyperv.add('db', { disks: [2 * MiB] });
  const forgotten = await settle(db);
  const byHand = changes.byHand?.(refOf(db), [forgotten, forgotten, 'nonsense']) ?? '';
  assert.match(
    byHand,
    /still keeps a reference point of db,.* \? InstanceID -in '[^',]+' \| % \{ Invoke-CimMethod \$s DestroyReferencePoint/,
  );
  assert.equal(changes.byHand?.(refOf(db), ['nonsense']), '');
  await changes.forget?.(refOf(db), [forgotten, forgotten], live());
  await changes.forget?.(refOf(db), [forgotten, 'nonsense'], live());
  assert.equal(db.referencePoints.length, 0);
  const lost = await settle(db);
  await hyperv.trouble('rct-reset', db);
  const above = await settle(db);
  await hyperv.trouble('user-checkpoint', db);
  const frozen = await freeze(db);
  for (const [checkpoint, why] of [
    [forgotten, /not known/],
    [lost, /not known/],
    [above, /checkpoint was made, removed or applied/],
    ['52 de c0/17', /kept by something else/],
  ] as const) {
    await assert.rejects(changed(db, checkpoint, frozen.id), { code: 'change-tracking-reset', message: why });
  }
});

test('a host that cannot tell is as good as one that lost count, and what is allocated is not its business', async () => {
  const mute = await hyperv.add('mute', { disks: [2 * MiB] });
  const checkpoint = await settle(mute);
  const { id } = await freeze(mute);
  await hyperv.trouble('tracking-unavailable', mute);
  await assert.rejects(changed(mute, checkpoint, id), { code: 'change-tracking-reset', message: /answered 4096/ });
  const request = { vm: refOf(mute), disk: DISK, snapshot: id, since: 'allocated' } as const;
  await assert.rejects(Array.fromAsync(changes.changed(request, live())), { code: 'change-tracking-unavailable' });
});

test('nothing is forgotten that is not named, and a VM that is gone keeps nothing', async () => {
  const kept = await hyperv.add('kept', { disks: [MiB] });
  const first = await settle(kept);
  await settle(kept);
  await changes.forget?.(refOf(kept), [first], live());
  assert.equal(kept.referencePoints.length, 1);
  await hyperv.drop(kept);
  await changes.forget?.(refOf(kept), [first], live());
});

test('beforehand it is said which disks will be counted, and why others not; nothing is changed', async () => {
  const plain = await hyperv.add('plain', { disks: [MiB, MiB] });
  assert.deepEqual(await changes.enable(refOf(plain), live()), { tracked: ['scsi0:0', 'scsi0:1'], untracked: [] });
  const odd = await hyperv.add('odd', {
    disks: [
      MiB,
      { described: { format: 'VHD', path: 'C:\\VMs\\odd\\a.vhd' } },
      { described: 'pass-through' },
      { described: {}, facts: { shared: true } },
      { slot: 'pmem0:0', described: { pmem: true } },
    ],
  });
  const { tracked, untracked } = await changes.enable(refOf(odd), live());
  assert.deepEqual(tracked, ['scsi0:0']);
  assert.deepEqual(
    untracked.map(({ disk, because }) => `${disk} ${because}`),
    [
      'scsi0:1 it is a VHD, and only changes of VHDX are counted',
      'scsi0:2 it is a whole disk of the host',
      'scsi0:3 it is a shared VHDX',
      'pmem0:0 it is persistent memory',
    ],
  );
  await hyperv.trouble('user-checkpoint', plain);
  const below = await changes.enable(refOf(plain), live());
  assert.deepEqual(below.tracked, []);
  assert.match(below.untracked[0]?.because ?? '', /has a checkpoint; changes are counted once/);
  const ancient = await hyperv.add('ancient', { disks: [MiB], facts: { version: '5.0' } });
  await assert.rejects(changes.enable(refOf(ancient), live()), { code: 'change-tracking-unavailable', message: /version 5\.0/ });
});

test('a host that lists ranges out of order, beyond what it was asked for, or does not go on, is not believed', async () => {
  const chain = [{ path: 'C:\\VMs\\web.vhdx', format: 'VHDX', type: 'Fixed', size: String(MiB) }];
  const disks = [{ id: 'd', controllerType: 'SCSI', controllerNumber: 0, controllerLocation: 0, chain }];
  const checkpoint = writeTrackedState({ referencePoint: 'r', rct: 'rct', image: imageDigest('c:\\vms\\WEB.vhdx') });
  const vm = { id: '0f3c1f7e-8f0a-4a55-9d7f-0d2f3c6a1b42', name: 'web' };
  const told = async (answer: unknown): Promise<readonly Extent[]> => {
    const answers: Readonly<Record<string, unknown>> = { host: hostFacts('HV1'), disks: { disks }, changes: answer };
    const { whereabouts } = await scripted({ hv1: (name) => answers[name] }, 'hv1');
    const request = { vm, disk: DISK, since: { checkpoint } };
    return await Array.fromAsync(changeTracking(whereabouts).changed(request, live()));
  };
  const all = String(MiB);
  assert.deepEqual(
    await told({
      processed: all,
      ranges: [
        ['0', '512'],
        ['512', '512'],
        ['4096', '0'],
        ['1048064', '9999'],
      ],
    }),
    [
      { offset: 0, length: 1024 },
      { offset: 1048064, length: 512 },
    ],
  );
  for (const answer of [
    { processed: '0', ranges: [] },
    { processed: String(MiB + 1), ranges: [] },
    {
      processed: all,
      ranges: [
        ['4096', '512'],
        ['0', '512'],
      ],
    },
    {
      processed: all,
      ranges: [
        ['0', '1024'],
        ['512', '512'],
      ],
    },
    { processed: all, ranges: [[all + all, '512']] },
  ]) {
    await assert.rejects(told(answer), { code: 'source-answer-broken' });
  }
});
