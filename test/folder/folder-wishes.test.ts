import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { FolderWishes } from '../../src/contracts/folder-migration.ts';
import { openFolderMigration } from '../../src/folder/folder-migration.ts';
import { FolderStore } from '../../src/folder/folder-store.ts';
import { openFolderWishes } from '../../src/folder/folder-wishes.ts';
import { writeMarker } from '../../src/folder/marker.ts';
import type { VmPlan, VmProgress } from '../../src/model/plan.ts';
import type { Schedule } from '../../src/model/schedule.ts';
import { systemClock } from '../../src/wire.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { fakePlan, fakeVm } from '../fakes/vm.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-wishes-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const SCHEDULE: Schedule = { cutover: { kind: 'manual' }, blackouts: [] };
const NEVER = new AbortController().signal;
let made = 0;

function freshFolder(): string {
  made += 1;
  return path.join(SCRATCH, `out-${made}`);
}

function plan(name: string, group?: string): VmPlan {
  return { ...fakePlan(fakeVm({ name })), type: 'warm', ...(group !== undefined && { group }) };
}

function progress(name: string, phase: VmProgress['phase'], more: Partial<VmProgress> = {}): VmProgress {
  const since = '2030-01-01T00:00:00.000Z';
  return { vm: `fake:${name}`, targetName: name, type: 'warm', phase, since, history: [], transfers: [], ...more };
}

async function open(folder: string, plans: readonly VmPlan[], clock = systemClock): Promise<FolderWishes> {
  return await openFolderWishes(folder, { schedule: SCHEDULE, plans, store: new FolderStore(folder), clock });
}

/** Another process, which was started for a folder that holds these VMs. */
async function another(folder: string, plans: readonly VmPlan[]) {
  const vms = plans.map(({ vm, mapping }) => ({ target: mapping.targetName, vm: vm.ref.id, disks: [] }));
  await writeMarker(folder, { kind: 'migration', vms, files: [] });
  return (await openFolderMigration(folder)) ?? assert.fail('no migration');
}

async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol();
  const tick = new Promise((resolve) => setImmediate(() => resolve(open)));
  return (await Promise.race([promise, tick])) === open;
}

test('what another process asks for wakes the VM that waits, and nobody else', async () => {
  const folder = freshFolder();
  const [web, db] = [plan('web'), plan('db')];
  await using wishes = await open(folder, [web, db]);
  const other = await another(folder, [web, db]);
  assert.equal(wishes.of(web).cutoverAt, undefined);
  wishes.of(db);
  const quiet = new AbortController();
  const forWeb = wishes.changed(web, NEVER);
  const forDb = wishes.changed(db, quiet.signal);
  await other.askCutover(['web'], 1_900_000_000_000);
  await forWeb;
  assert.equal(wishes.of(web).cutoverAt, 1_900_000_000_000);
  assert.equal(wishes.of(db).cutoverAt, undefined);
  assert.equal(await isOpen(forDb), true);
  quiet.abort(new Error('enough'));
  await assert.rejects(forDb, /enough/);
});

test('what was asked for before this process began is known from its beginning', async () => {
  const folder = freshFolder();
  const web = plan('web');
  await (await another(folder, [web])).askCutover(['web'], 42_000);
  await using wishes = await open(folder, [web]);
  assert.equal(wishes.of(web).cutoverAt, 42_000);
});

test('what changed between the look and the wait is not missed', async () => {
  const folder = freshFolder();
  const [web, db] = [plan('web', 'shop'), plan('db', 'shop')];
  await using wishes = await open(folder, [web, db]);
  assert.deepEqual(wishes.of(web).companions, [{ name: 'db', type: 'warm' }]);
  await wishes.store.save(progress('db', 'AwaitCutover'));
  await wishes.changed(web, NEVER);
  assert.deepEqual(wishes.of(web).companions, [{ name: 'db', type: 'warm', phase: 'AwaitCutover' }]);
});

test('companions that a later process only reads are known as well', async () => {
  const folder = freshFolder();
  const [web, db] = [plan('web', 'shop'), plan('db', 'shop')];
  await new FolderStore(folder).save(progress('db', 'Completed'));
  await using wishes = await open(folder, [web, db]);
  await wishes.store.load('db');
  assert.equal(wishes.of(web).companions?.[0]?.phase, 'Completed');
});

test('VMs that wait for one of their group that failed are stuck, once nobody else is under way', async () => {
  const folder = freshFolder();
  const plans = [plan('web', 'shop'), plan('db', 'shop'), plan('mail')];
  await using wishes = await open(folder, plans);
  const outlook = { next: 'group', because: 'its group waits for db' } as const;
  await wishes.store.save(progress('web', 'AwaitCutover', { outlook }));
  await wishes.store.save(progress('mail', 'CopyDisks'));
  await wishes.store.save(progress('db', 'Failed'));
  assert.equal(wishes.stuck.aborted, false);
  await wishes.store.save(progress('mail', 'Completed'));
  assert.equal(wishes.stuck.aborted, true);
});

test('a folder that tells nothing of itself is looked at now and then', async () => {
  const folder = freshFolder();
  const web = plan('web');
  const clock = new VirtualClock();
  await using wishes = await open(folder, [web], clock);
  wishes.of(web);
  // A file where the folder should be: nothing can be watched.
  await mkdir(path.join(folder, '.kubeferry'), { recursive: true });
  await writeFile(path.join(folder, '.kubeferry', 'wishes'), '');
  const changed = wishes.changed(web, NEVER);
  await clock.pass(1);
  await rm(path.join(folder, '.kubeferry', 'wishes'));
  await (await another(folder, [web])).askCutover(['web'], 7_000);
  assert.equal(await isOpen(changed), true);
  await clock.pass(5_000);
  await changed;
  assert.equal(wishes.of(web).cutoverAt, 7_000);
});

test('a wish that is none is told by whoever begins, and changes nothing for whoever is under way', async () => {
  const folder = freshFolder();
  const web = plan('web');
  const clock = new VirtualClock();
  await using wishes = await open(folder, [web], clock);
  await (await another(folder, [web])).askCutover(['web'], 7_000);
  wishes.of(web);
  await wishes.changed(web, NEVER);
  await writeFile(path.join(folder, '.kubeferry', 'wishes', 'web.json'), '{');
  await clock.pass(10_000);
  assert.equal(wishes.of(web).cutoverAt, 7_000);
  await assert.rejects(open(folder, [web]), /is not what kubeferry writes/);
});
