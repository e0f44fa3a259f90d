import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { FolderDestination } from '../../src/folder/folder-destination.ts';
import { FolderStore } from '../../src/folder/folder-store.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmPlan } from '../../src/model/plan.ts';
import { runFiles, vmFiles } from '../../src/report/folder.ts';
import { fakePlan, fakeReport, fakeVm } from '../fakes/vm.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-folder-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

let made = 0;

function freshFolder(): string {
  made += 1;
  return path.join(SCRATCH, `out-${made}`);
}

function open(folder: string): FolderDestination {
  return new FolderDestination(folder, { vmFiles, runFiles });
}

async function claim(folder: string, plans: readonly VmPlan[], resume: boolean): Promise<void> {
  await using destination = open(folder);
  await destination.claim(plans, { resume });
}

function isOccupied(error: unknown): boolean {
  return error instanceof MigrationError && error.code === 'target-occupied';
}

const web = fakePlan();
const db = fakePlan(fakeVm({ name: 'db' }));

test('a missing folder is made and an empty one is taken', async () => {
  const missing = freshFolder();
  await claim(missing, [web], false);
  const empty = freshFolder();
  await mkdir(empty);
  await claim(empty, [web], false);
});

test('a folder with files of somebody else is refused and stays as it was', async () => {
  const folder = freshFolder();
  await mkdir(folder);
  await writeFile(path.join(folder, 'thesis.txt'), 'mine');
  await assert.rejects(claim(folder, [web], false), isOccupied);
  assert.deepEqual(await readdir(folder), ['thesis.txt']);
});

test('a path that is a file is refused', async () => {
  const file = freshFolder();
  await writeFile(file, '');
  await assert.rejects(claim(file, [web], false), isOccupied);
});

test('a migration that is there is continued only on request', async () => {
  const folder = freshFolder();
  await claim(folder, [web], false);
  await assert.rejects(claim(folder, [web], false), isOccupied);
  await claim(folder, [web], true);
});

test('a folder that holds another VM is refused even with resume', async () => {
  const folder = freshFolder();
  await claim(folder, [web], false);
  await assert.rejects(claim(folder, [db], true), (error) => isOccupied(error) && /another migration: web/.test(String(error)));
});

test('a folder whose VM has other disks by now is refused', async () => {
  const folder = freshFolder();
  await claim(folder, [web], false);
  const [disk] = web.vm.disks;
  assert.ok(disk);
  const grown = fakePlan({ ...web.vm, disks: [{ ...disk, capacity: disk.capacity * 2 }] });
  await assert.rejects(claim(folder, [grown], true), isOccupied);
});

test('disks of a warm VM may come, go and grow, between two runs and within one', async () => {
  const folder = freshFolder();
  const vm = fakeVm();
  const [disk] = vm.disks;
  assert.ok(disk);
  const warm = (disks: typeof vm.disks): VmPlan => ({ ...fakePlan({ ...vm, disks }), type: 'warm' });
  const marked = async (): Promise<unknown> =>
    JSON.parse(await readFile(path.join(folder, '.kubeferry', 'run.json'), 'utf8')).vms;
  await claim(folder, [warm([disk]), db], false);
  const more = [
    { ...disk, capacity: disk.capacity * 2 },
    { ...disk, key: 'scsi0:1' },
  ];
  {
    await using destination = open(folder);
    await destination.claim([warm(more), db], { resume: true });
    await destination.claim([warm(more.slice(1))], { resume: true });
  }
  const entry = (name: string, disks: readonly object[]) => ({ target: name, vm: `fake:${name}`, name, disks });
  assert.deepEqual(await marked(), [
    entry('web', [{ key: 'scsi0:1', claim: 'web-disk-0', capacity: disk.capacity }]),
    entry('db', [{ key: 'scsi0:0', claim: 'db-disk-0', capacity: disk.capacity }]),
  ]);
  await assert.rejects(claim(folder, [warm([disk])], true), isOccupied);
});

test('what has begun here keeps its type and the names of its claims', async () => {
  const folder = freshFolder();
  await using destination = open(folder);
  assert.equal((await destination.begun()).size, 0);
  await destination.claim([{ ...web, type: 'warm' }, db], { resume: false });
  assert.equal((await destination.begun()).size, 0, 'nothing of them is known yet');
  const since = '2030-01-01T00:00:00.000Z';
  const state = {
    vm: 'fake:web',
    targetName: 'web',
    type: 'warm',
    phase: 'AwaitPrecopy',
    since,
    history: [],
    transfers: [],
  } as const;
  await new FolderStore(folder).save(state);
  const claims = new Map([['scsi0:0', 'web-disk-0']]);
  assert.deepEqual(await destination.begun(), new Map([['fake:web', { type: 'warm', targetName: 'web', claims }]]));
});

test('two processes cannot work in one folder at the same time', async () => {
  const folder = freshFolder();
  await using first = open(folder);
  await first.claim([web], { resume: false });
  await assert.rejects(claim(folder, [web], true), (error) => isOccupied(error) && String(error).includes(String(process.pid)));
});

test('the lock of a process that is gone is taken over', async () => {
  const folder = freshFolder();
  await claim(folder, [web], false);
  // The kernel's largest process id is below this one.
  await writeFile(path.join(folder, '.kubeferry', 'lock'), '4194305\n');
  await claim(folder, [web], true);
});

test('a VM becomes a folder of manifests that kustomize can build', async () => {
  const folder = freshFolder();
  await using destination = open(folder);
  await destination.claim([web], { resume: false });
  await destination.createVm(web);
  assert.deepEqual((await readdir(path.join(folder, 'web'))).sort(), [
    'disks',
    'kustomization.yaml',
    'persistentvolumeclaim-web-disk-0.yaml',
  ]);
  assert.match(
    await readFile(path.join(folder, 'web', 'kustomization.yaml'), 'utf8'),
    /resources:\n {2}- persistentvolumeclaim-web-disk-0\.yaml\n/,
  );
});

test('only complete VMs are in the top kustomization', async () => {
  const folder = freshFolder();
  await using destination = open(folder);
  await destination.claim([web, db], { resume: false });
  const report = fakeReport([web, db]);
  const at = report.createdAt;
  const progress = { vm: 'fake:web', targetName: 'web', type: 'cold', since: at, history: [], transfers: [] } as const;
  const [first, second] = report.vms;
  assert.ok(first && second);
  await destination.publish({
    ...report,
    vms: [
      { ...first, progress: { ...progress, phase: 'Completed' } },
      { ...second, progress: { ...progress, phase: 'Failed' } },
    ],
  });
  assert.match(await readFile(path.join(folder, 'kustomization.yaml'), 'utf8'), /resources:\n {2}- web\n$/);
});

test('a plan rendered again replaces what it rendered before and keeps what others added', async () => {
  const folder = freshFolder();
  {
    await using destination = open(folder);
    await destination.render(fakeReport([web, db]));
  }
  await writeFile(path.join(folder, 'README.md'), 'ours');
  {
    await using destination = open(folder);
    await destination.render(fakeReport([web]));
  }
  assert.deepEqual(await readdir(path.join(folder, 'db')), []);
  assert.deepEqual((await readdir(folder)).sort(), [
    '.kubeferry',
    'README.md',
    'db',
    'kustomization.yaml',
    'report.html',
    'report.json',
    'report.md',
    'web',
  ]);
});

test('a plan is not rendered over a migration', async () => {
  const folder = freshFolder();
  await claim(folder, [web], false);
  await using destination = open(folder);
  await assert.rejects(destination.render(fakeReport()), isOccupied);
});

test('a migration takes over the folder of its plan', async () => {
  const folder = freshFolder();
  {
    await using destination = open(folder);
    await destination.render(fakeReport());
  }
  await claim(folder, [web], false);
});

test('a marker that names files outside the folder removes nothing', async () => {
  const folder = freshFolder();
  const victim = path.join(SCRATCH, 'victim');
  await writeFile(victim, '');
  await mkdir(path.join(folder, '.kubeferry'), { recursive: true });
  await writeFile(path.join(folder, '.kubeferry', 'run.json'), JSON.stringify({ kind: 'plan', vms: [], files: ['../victim'] }));
  await assert.rejects(
    claim(folder, [web], false),
    (error) => error instanceof MigrationError && error.code === 'state-unreadable',
  );
  await readFile(victim);
});

test('a marker that is no marker is an error that names it', async () => {
  const folder = freshFolder();
  await mkdir(path.join(folder, '.kubeferry'), { recursive: true });
  await writeFile(path.join(folder, '.kubeferry', 'run.json'), '{"kind":"plan"');
  await assert.rejects(
    claim(folder, [web], false),
    (error) => error instanceof MigrationError && error.code === 'state-unreadable' && error.message.includes('run.json'),
  );
});
