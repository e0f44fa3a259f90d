import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHyperv } from '../../peers/hyperv.ts';
import { live, open, refOf } from './simulated.ts';

const MiB = 1024 * 1024;

const hyperv = await startHyperv();
const connection = await open(hyperv);
const snapshots = connection.snapshots ?? assert.fail();
after(async () => {
  await connection[Symbol.asyncDispose]();
  await hyperv[Symbol.asyncDispose]();
});

const no = { quiesce: 'no' } as const;

test('a checkpoint is made once, found by its name and removed once', async () => {
  const web = await hyperv.add('web', { disks: [MiB] });
  const request = { name: 'kubeferry web ab12 1', ...no };
  const made = await snapshots.create(refOf(web), request, live());
  assert.deepEqual([made.name, made.consistency, made.checkpoints], [request.name, 'crash', {}]);
  assert.deepEqual(await snapshots.create(refOf(web), request, live()), made);
  assert.deepEqual(await snapshots.find(refOf(web), request.name, live()), made);
  assert.equal(await snapshots.find(refOf(web), 'kubeferry web ab12 2', live()), undefined);
  assert.equal(web.checkpoints.length, 1);
  await snapshots.remove(refOf(web), made.id, live());
  await snapshots.remove(refOf(web), made.id, live());
  assert.equal(web.checkpoints.length, 0);
});

test('a checkpoint of a backup is left alone, and ours waits until it is gone', async () => {
  const db = await hyperv.add('db', { disks: [MiB] });
  await hyperv.trouble('backup-begins', db);
  const [backup] = db.checkpoints;
  await assert.rejects(snapshots.create(refOf(db), { name: 'kubeferry db 1', ...no }, live()), { code: 'source-busy' });
  // Not even its own id lets anybody touch it.
  await snapshots.remove(refOf(db), `${backup?.instance}|kubeferry db 1`, live());
  await snapshots.remove(refOf(db), backup?.instance ?? '', live());
  assert.equal(
    await snapshots.settle?.(refOf(db), { id: `${backup?.instance}|kubeferry db 1`, name: 'kubeferry db 1' }, live()),
    undefined,
  );
  assert.deepEqual(db.checkpoints, [backup]);
  await hyperv.trouble('backup-ends', db);
  await snapshots.create(refOf(db), { name: 'kubeferry db 1', ...no }, live());
});

test('a guest that cannot flush is frozen as it is where that is enough, and the reason is kept', async () => {
  const old = await hyperv.add('old', { disks: [MiB], quiesces: false });
  const good = await hyperv.add('good', { disks: [MiB] });
  const off = await hyperv.add('off', { disks: [MiB], on: false });
  await assert.rejects(snapshots.create(refOf(old), { name: 'a', quiesce: 'required' }, live()), { code: 'snapshot-failed' });
  const crash = await snapshots.create(refOf(old), { name: 'b', quiesce: 'preferred' }, live());
  assert.equal(crash.consistency, 'crash');
  assert.match(crash.because ?? '', /could not be made consistent/);
  const still = await snapshots.create(refOf(good), { name: 'c', quiesce: 'preferred' }, live());
  assert.deepEqual([still.consistency, still.because], ['filesystem', undefined]);
  assert.equal((await snapshots.create(refOf(off), { name: 'd', ...no }, live())).consistency, 'filesystem');
});

test('what was copied is settled to what tells changes later, and a lost answer is told again', async () => {
  const shop = await hyperv.add('shop', { disks: [MiB, MiB, { capacity: MiB, slot: 'scsi0:9' }] });
  const made = await snapshots.create(refOf(shop), { name: 'kubeferry shop 1', ...no }, live());
  const settled = await snapshots.settle?.(refOf(shop), made, live());
  assert.deepEqual(Object.keys(settled ?? {}).sort(), ['scsi0:0', 'scsi0:1', 'scsi0:9']);
  assert.equal(new Set(Object.values(settled ?? {})).size, 3);
  assert.deepEqual([shop.checkpoints.length, shop.referencePoints.length], [0, 1]);
  assert.deepEqual(await snapshots.settle?.(refOf(shop), made, live()), settled);
  assert.equal(shop.referencePoints.length, 1);
});

test('whoever removes what was settled meanwhile takes what became of it along', async () => {
  const lost = await hyperv.add('lost', { disks: [MiB] });
  const made = await snapshots.create(refOf(lost), { name: 'kubeferry lost 1', ...no }, live());
  await snapshots.settle?.(refOf(lost), made, live());
  await snapshots.remove(refOf(lost), made.id, live());
  assert.equal(lost.referencePoints.length, 0);
  assert.equal(await snapshots.settle?.(refOf(lost), made, live()), undefined);
});

test('a disk below a checkpoint of somebody is not counted', async () => {
  const twin = await hyperv.add('twin', { disks: [MiB] });
  await hyperv.trouble('user-checkpoint', twin);
  const made = await snapshots.create(refOf(twin), { name: 'kubeferry twin 1', ...no }, live());
  assert.deepEqual(await snapshots.settle?.(refOf(twin), made, live()), {});
  assert.deepEqual(twin.referencePoints, [], 'what nobody counts by is not kept');
});

test('what the host refuses is told in its own words', async () => {
  const full = await hyperv.add('full', { disks: [MiB] });
  await hyperv.trouble('checkpoint-fails', full);
  const create = async () => await snapshots.create(refOf(full), { name: 'kubeferry full 1', ...no }, live());
  await assert.rejects(create(), { code: 'snapshot-failed', message: /not enough space/ });
  const made = await create();
  await hyperv.trouble('settle-fails', full);
  await assert.rejects(async () => await snapshots.settle?.(refOf(full), made, live()), { code: 'snapshot-failed' });
  await hyperv.trouble('removal-fails', full);
  await assert.rejects(snapshots.remove(refOf(full), made.id, live()), { code: 'snapshot-failed' });
});
