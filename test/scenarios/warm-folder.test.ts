/**
 * Warm migrations from a vCenter to a folder by the command line, told when to cut over by another process. The truth is what the guest's disks
 * held when its power went.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import type { ReportDocument } from '../../src/model/report-document.ts';
import { systemClock } from '../../src/wire.ts';
import { kubeferry } from '../cli/session.ts';
import type { SimulatedGuest } from '../peers/vcenter/guest.ts';
import { startVcenter } from '../peers/vcenter.ts';

const MiB = 1024 * 1024;
const CLI = path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

const scratch = await mkdtemp(path.join(tmpdir(), 'kubeferry-warm-'));
const vcenter = await startVcenter({ vms: 1 });
after(async () => {
  await vcenter[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

const SOURCE = `vsphere://${encodeURIComponent(vcenter.username)}@${vcenter.host}:${vcenter.port}`;
const services = { credentials: { environment: { KUBEFERRY_PASSWORD: vcenter.password } } };
const TRUST = ['--thumbprint', vcenter.thumbprint.sha256, '--transport', 'range'];

/** A process of its own, as another terminal would start it. */
async function elsewhere(...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return await promisify(execFile)(process.execPath, [CLI, ...args], { timeout: 60_000 });
}

/** Waits until `status` says so. */
async function until(folder: string, pattern: RegExp): Promise<string> {
  const end = Date.now() + 60_000;
  for (;;) {
    // Before the migration has claimed it, the folder is none to ask.
    const { out } = await kubeferry(['status', folder]);
    if (pattern.test(out)) return out;
    assert.ok(Date.now() < end, `never ${pattern}:\n${out}`);
    await systemClock.sleep(100, new AbortController().signal);
  }
}

async function assertArrived(folder: string, guest: SimulatedGuest): Promise<void> {
  const rest = guest.rests.at(-1) ?? assert.fail('the guest was not shut down');
  const { vms } = JSON.parse(await readFile(path.join(folder, '.kubeferry', 'run.json'), 'utf8'));
  const { disks } = vms.find(({ target }: { readonly target: string }) => target === guest.name);
  assert.equal(disks.length, guest.disks.length);
  for (const [position, disk] of guest.disks.entries()) {
    const file = path.join(folder, guest.name, 'disks', `${disks[position].claim}.img`);
    assert.ok((await readFile(file)).equals(rest.content(disk.key) ?? Buffer.alloc(0)), `${file} differs`);
  }
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
}

async function reportOf(folder: string): Promise<ReportDocument> {
  return JSON.parse(await readFile(path.join(folder, 'report.json'), 'utf8'));
}

test('a guest that keeps writing is cut over when another process says so', async () => {
  const guest = await vcenter.guest('web', { disks: [8 * MiB, 2 * MiB], seed: 7, writeEvery: 3 });
  const folder = path.join(scratch, 'web');
  const args = ['migrate', '--guest', 'none', SOURCE, 'web', ...TRUST, '--to', folder, '--warm', '--cutover', 'manual'];
  const running = kubeferry(args, { services });
  const standing = await until(folder, /somebody has to say when/);
  assert.match(standing, /^web +AwaitPrecopy +\d+ +\S+ \S+ +\d+ s \(/m);
  assert.equal(guest.on, true, 'the source runs until somebody says so');
  const early = await kubeferry(['rollback', folder, '--yes']);
  assert.deepEqual([early.code, /web: this migration has not stopped its source/.test(early.err)], [2, true], early.err);
  await elsewhere('cutover', folder, '--at', '2099-01-01T00:00:00Z', '--yes');
  await until(folder, /^web .*2099/m);
  const withdrawn = await elsewhere('cutover', folder, '--withdraw');
  assert.match(withdrawn.stderr, /^web: the cutover is not asked for any more/m);
  assert.doesNotMatch(await until(folder, /somebody has to say when/), /2099/);
  const { stderr } = await elsewhere('cutover', folder, '--yes');
  assert.match(stderr, new RegExp(`web: cutover is asked for\\. Process ${process.pid} migrates`));
  const { code, out, err } = await running;
  assert.equal(code, 0, `${out}\n${err}`);
  await assertArrived(folder, guest);
  const late = await kubeferry(['rollback', folder, 'web', '--yes']);
  assert.equal(late.code, 2);
  assert.match(
    late.err,
    /Nothing was changed:.*\n +web: its source is off, and stays off: start it there.*\n.*kubeferry verify/s,
  );
  assert.match(err, /^web: pass 2, /m);
  assert.match(err, /^web: next precopy .*no cutover yet: somebody has to say when, predicted downtime/m);
  const [entry] = (await reportOf(folder)).vms;
  assert.equal(entry?.progress?.phase, 'Completed');
  const { downtime } = entry ?? assert.fail();
  assert.equal(downtime?.over, true);
  const sum = downtime?.parts.reduce((total, { seconds }) => total + seconds, 0) ?? 0;
  assert.ok(Math.abs(sum - (Date.parse(downtime?.to ?? '') - Date.parse(downtime?.from ?? '')) / 1000) < 0.001);
});

test('VMs of a group wait for each other, and whoever asks for one asks for all', async () => {
  const [one, two] = [
    await vcenter.guest('one', { disks: [2 * MiB], seed: 1, writeEvery: 5 }),
    await vcenter.guest('two', { disks: [2 * MiB], seed: 2, writeEvery: 5 }),
  ];
  const folder = path.join(scratch, 'group');
  const args = [
    ...['migrate', '--guest', 'none'],
    SOURCE,
    'one',
    'two',
    ...TRUST,
    '--to',
    folder,
    '--warm',
    '--cutover',
    'manual',
    '--group',
    'pair=one,two',
  ];
  const running = kubeferry(args, { services });
  await until(folder, /one .*somebody has to say when[\s\S]*two .*somebody has to say when/);
  await kubeferry(['cutover', folder, 'two', '--yes'], { services });
  const { code, out, err } = await running;
  assert.equal(code, 0, `${out}\n${err}`);
  await assertArrived(folder, one);
  await assertArrived(folder, two);
  const entries = (await reportOf(folder)).vms;
  assert.deepEqual(
    entries.map(({ plan }) => plan?.group),
    ['pair', 'pair'],
  );
});

test('a run that is interrupted goes on from its last pass, with other options and other disks', async () => {
  const guest = await vcenter.guest('app', { disks: [4 * MiB, 2 * MiB], seed: 3, writeEvery: 5 });
  const folder = path.join(scratch, 'app');
  const to = ['migrate', '--guest', 'none', SOURCE, 'app', ...TRUST, '--to', folder, '--warm'];
  const stop = new AbortController();
  const first = kubeferry([...to, '--cutover', 'manual'], { services, signal: stop.signal });
  await until(folder, /somebody has to say when/);
  stop.abort();
  assert.equal((await first).code, 3);
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
  assert.equal(guest.on, true);
  const silent = new AbortController();
  const second = kubeferry(['migrate', '--guest', 'none', SOURCE, 'app', ...TRUST, '--to', folder, '--resume'], {
    services,
    signal: silent.signal,
  });
  await until(folder, /process \d+ migrates[\s\S]*somebody has to say when/);
  silent.abort();
  assert.equal((await second).code, 3, 'what was not said again stays as it was: nobody cuts it over');
  assert.equal(guest.on, true);
  await vcenter.others.grow(guest, 0, MiB);
  await vcenter.others.removeDisk(guest, 1);
  await vcenter.others.addDisk(guest, 3 * MiB);
  const { code, out, err } = await kubeferry([...to, '--cutover', 'when-ready', '--resume'], { services });
  assert.equal(code, 0, `${out}\n${err}`);
  await assertArrived(folder, guest);
  const { progress, plan } = (await reportOf(folder)).vms[0] ?? assert.fail();
  assert.ok((progress?.warm?.passes.length ?? 0) >= 3, 'the passes of the first run are not forgotten');
  assert.equal(plan?.mapping.placements.length, 2);
});

test('a disk that is plugged in between the last precopy and the cutover arrives as well', async () => {
  const guest = await vcenter.guest('late', { disks: [2 * MiB], seed: 4, writeEvery: 5 });
  const folder = path.join(scratch, 'late');
  const running = kubeferry(
    ['migrate', '--guest', 'none', SOURCE, 'late', ...TRUST, '--to', folder, '--warm', '--cutover', 'manual'],
    { services },
  );
  await until(folder, /somebody has to say when/);
  await vcenter.others.addDisk(guest, MiB);
  await kubeferry(['cutover', folder, '--yes'], { services });
  const { code, out, err } = await running;
  assert.equal(code, 0, `${out}\n${err}`);
  assert.equal(guest.disks.length, 2);
  await assertArrived(folder, guest);
});

for (const phase of ['PowerOffSource', 'CopyFinalDelta'] as const) {
  test(`a process that is killed in ${phase} is gone on with, though the source is off by then`, async () => {
    const name = `killed-${phase.toLowerCase()}`;
    const guest = await vcenter.guest(name, { disks: [2 * MiB], seed: 6, writeEvery: 5, shutdown: 500 });
    const folder = path.join(scratch, name);
    const args = ['migrate', '--guest', 'none', SOURCE, name, ...TRUST, '--to', folder, '--warm'];
    const environment = { ...process.env, KUBEFERRY_PASSWORD: vcenter.password };
    const child = spawn(process.execPath, [CLI, ...args, '--progress', 'json'], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    for await (const line of createInterface({ input: child.stderr })) {
      if (line.includes(`"phase":"${phase}"`)) child.kill('SIGKILL');
    }
    assert.equal(await ended, 'SIGKILL');
    // Under its own name, without being told how it was begun.
    const { code, out, err } = await kubeferry(
      ['migrate', '--guest', 'none', SOURCE, name, ...TRUST, '--to', folder, '--resume'],
      { services },
    );
    assert.equal(code, 0, `${out}\n${err}`);
    await assertArrived(folder, guest);
    assert.equal(guest.on, false);
    const { progress, downtime } = (await reportOf(folder)).vms[0] ?? assert.fail();
    assert.equal(progress?.type, 'warm');
    assert.ok((downtime?.seconds ?? 0) > 0, 'the downtime began in the process that is gone');
  });
}

test('a cutover that failed behind its last delta is retried with what changed, and with what was done to its disks', async () => {
  const guest = await vcenter.guest('retried', { disks: [16 * MiB, 8 * MiB], seed: 11, writeEvery: 5 });
  const folder = path.join(scratch, 'retried');
  const to = ['migrate', '--guest', 'none', SOURCE, 'retried', ...TRUST, '--to', folder, '--warm'];
  const running = kubeferry([...to, '--cutover', 'manual'], { services });
  await until(folder, /somebody has to say when/);
  // Where a manifest has to go.
  const obstacle = path.join(folder, 'retried', 'virtualmachine.yaml');
  await mkdir(path.join(obstacle, 'in-the-way'), { recursive: true });
  await kubeferry(['cutover', folder, '--yes'], { services });
  const failed = await running;
  assert.equal(failed.code, 3, `${failed.out}\n${failed.err}`);
  const { failure, warm: before } = (await reportOf(folder)).vms[0]?.progress ?? assert.fail();
  assert.deepEqual([failure?.phase, failure?.source], ['CreateVm', 'started-again']);
  assert.equal(guest.on, true);
  const disks = path.join(folder, 'retried', 'disks');
  const [finished = ''] = (await readdir(disks)).filter((name) => name.endsWith('.img'));
  await using file = await open(path.join(disks, finished), 'r+');
  await file.write('booted by hand, to see', 5 * MiB);
  await file.close();
  await rm(obstacle, { recursive: true });
  const { code, out, err } = await kubeferry([...to, '--cutover', 'when-ready', '--resume'], { services });
  assert.equal(code, 0, `${out}\n${err}`);
  await assertArrived(folder, guest);
  const { warm, transfers = [] } = (await reportOf(folder)).vms[0]?.progress ?? assert.fail();
  const later = warm?.passes.slice(before?.passes.length) ?? [];
  assert.ok(
    later.length > 0 && later.every(({ bytes, compared }) => bytes < 8 * MiB && compared === undefined),
    JSON.stringify(later),
  );
  assert.ok(transfers.every(({ moved }) => moved < 4 * MiB));
  const left = (await readdir(disks)).filter((name) => !name.endsWith('.img'));
  assert.deepEqual(left, [], 'nothing is kept once the VM is made');
});

test('what waits for a VM of its group that failed does not wait forever', async () => {
  const [good, bad] = [
    await vcenter.guest('good', { disks: [2 * MiB], seed: 8 }),
    await vcenter.guest('bad', { disks: [2 * MiB], seed: 9 }),
  ];
  vcenter.refuse(bad.vm, { operation: 'CreateSnapshot_Task', type: 'InvalidState', message: 'not now' });
  const folder = path.join(scratch, 'stuck');
  const args = [
    'migrate',
    '--guest',
    'none',
    SOURCE,
    'good',
    'bad',
    ...TRUST,
    '--to',
    folder,
    '--warm',
    '--group',
    'pair=good,bad',
  ];
  const { code, out, err } = await kubeferry(args, { services });
  assert.equal(code, 3, `${out}\n${err}`);
  assert.match(err, /What is left waits for VMs of its group that failed/);
  assert.match(out, /waits for its group .*its group waits for bad/);
  assert.equal(good.on && bad.on, true);
  // Without a word about groups: they stay as they were.
  const again = await kubeferry(['migrate', '--guest', 'none', SOURCE, 'good', 'bad', ...TRUST, '--to', folder, '--resume'], {
    services,
  });
  assert.equal(again.code, 0, `${again.out}\n${again.err}`);
  await assertArrived(folder, good);
  await assertArrived(folder, bad);
  assert.deepEqual(
    (await reportOf(folder)).vms.map(({ plan }) => plan?.group),
    ['pair', 'pair'],
  );
});
