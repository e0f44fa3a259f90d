import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import type { DiskCopier } from '../../src/contracts/disk-copier.ts';
import type { Report } from '../../src/model/report.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { systemClock } from '../../src/wire.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { guestDisk } from '../demo/guest/disk.ts';
import { kubeferry } from './session.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-migrate-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const OVA = await buildGuest(SCRATCH);
const NAME = 'kubeferry-demo';
const DISK = path.join(NAME, 'disks', `${NAME}-disk-0.img`);
let made = 0;

function freshFolder(): string {
  made += 1;
  return path.join(SCRATCH, `out-${made}`);
}

async function everything(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

test('an OVA becomes a folder of manifests, a raw disk equal to the original, and a report with the proof', async () => {
  const out = freshFolder();
  const { code, err } = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', out]);
  assert.equal(code, 0, err);
  assert.ok((await readFile(path.join(out, DISK))).equals(guestDisk()), 'the disk is what the guest was built from');
  assert.deepEqual(
    await everything(out),
    [
      `.kubeferry/machines/${NAME}.json`,
      '.kubeferry/run.json',
      `.kubeferry/vms/${NAME}.json`,
      'kustomization.yaml',
      `${DISK}`,
      `${NAME}/kustomization.yaml`,
      `${NAME}/persistentvolumeclaim-${NAME}-disk-0.yaml`,
      `${NAME}/report.html`,
      `${NAME}/virtualmachine.yaml`,
      'report.html',
      'report.json',
      'report.md',
    ].sort(),
  );
  const machine = parse(await readFile(path.join(out, NAME, 'virtualmachine.yaml'), 'utf8'));
  assert.equal(machine.spec.runStrategy, 'Halted');
  const report: Report = JSON.parse(await readFile(path.join(out, 'report.json'), 'utf8'));
  const [transfer] = report.vms[0]?.progress?.transfers ?? [];
  assert.equal(transfer?.proof?.size, guestDisk().length);
  assert.match(transfer?.proof?.root ?? '', /^[0-9a-f]{64}$/);
});

test('without a terminal every step is one line on stderr, and stdout holds the report alone', async () => {
  const { out, err } = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', freshFolder()]);
  assert.match(err, /^kubeferry-demo: CopyDisks$/m);
  assert.match(err, /^kubeferry-demo\/scsi0:0: done in \d+\.\d s$/m);
  assert.match(out, /proven: sha256 [0-9a-f]{64}/);
  assert.equal(err.includes('proven: sha256'), false);
});

test('with --no-verify the report says that nothing is proven', async () => {
  const { code, out } = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', freshFolder(), '--no-verify']);
  assert.equal(code, 0);
  assert.match(out, /not proven \(--no-verify\)/);
});

test('a finished migration that is run again is refused, and resumed without moving a byte', async () => {
  const out = freshFolder();
  await kubeferry(['migrate', '--guest', 'none', OVA, '--to', out]);
  const refused = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', out]);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /already holds a migration of kubeferry-demo\. \[target-occupied\]/);
  const resumed = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', out, '--resume', '-o', 'json']);
  assert.equal(resumed.code, 0, resumed.err);
});

test('a folder that holds another VM is left alone', async () => {
  const out = freshFolder();
  await kubeferry(['migrate', '--guest', 'none', OVA, '--to', out]);
  const other = path.join(SCRATCH, 'other.img');
  await writeFile(other, Buffer.alloc(1024 * 1024));
  const before = await everything(out);
  const { code, err } = await kubeferry([
    'migrate',
    '--guest',
    'none',
    other,
    '--to',
    out,
    '--resume',
    '--accept',
    'disk-size-odd',
  ]);
  assert.equal(code, 2);
  assert.match(err, /another migration: kubeferry-demo/);
  assert.deepEqual(await everything(out), before);
});

test('a canceled migration leaves no half disk and goes on with --resume', async () => {
  const out = freshFolder();
  const abort = new AbortController();
  const real = new LocalDiskCopier({ clock: systemClock });
  const copier: DiskCopier = {
    preflight: (jobs, signal) => real.preflight(jobs, signal),
    copy(job, options) {
      const copying = real.copy(job, options);
      abort.abort();
      return copying;
    },
  };
  const canceled = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', out], {
    signal: abort.signal,
    services: { copier: () => copier },
  });
  assert.equal(canceled.code, 3);
  assert.equal(
    (await everything(out)).some((file) => file.includes('.img')),
    false,
  );
  const resumed = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', out, '--resume']);
  assert.equal(resumed.code, 0, resumed.err);
  assert.ok((await readFile(path.join(out, DISK))).equals(guestDisk()));
});

test('a truncated OVA ends with code, place and advice, exit 3, and nothing is written', async () => {
  const torn = path.join(SCRATCH, 'torn.ova');
  await copyFile(OVA, torn);
  await truncate(torn, 100_000);
  const out = freshFolder();
  const { code, err } = await kubeferry(['migrate', '--guest', 'none', torn, '--to', out]);
  assert.equal(code, 3);
  assert.match(err, /\[tar-truncated\]/);
  assert.match(err, /where: .*torn\.ova/);
  assert.match(err, /to do: /);
  assert.doesNotMatch(err, /\n\s+at /);
  await assert.rejects(readdir(out));
});

test('a source without a VM is told as such, and nothing is written', async () => {
  const empty = path.join(SCRATCH, 'empty');
  await mkdir(empty);
  const out = freshFolder();
  const { code, err } = await kubeferry(['migrate', '--guest', 'none', empty, '--to', out]);
  assert.equal(code, 2);
  assert.match(err, /holds no VM to migrate\. \[vm-not-found\]/);
  await assert.rejects(readdir(out));
});

test('a disk that differs from the manifest of its package is not migrated', async () => {
  const forged = path.join(SCRATCH, 'forged.ova');
  await copyFile(OVA, forged);
  const bytes = await readFile(forged);
  bytes[Math.floor(bytes.length * 0.8)] = (bytes[Math.floor(bytes.length * 0.8)] ?? 0) ^ 1;
  await writeFile(forged, bytes);
  const out = freshFolder();
  const { code, err, out: report } = await kubeferry(['migrate', '--guest', 'none', forged, '--to', out]);
  assert.equal(code, 3);
  assert.match(err + report, /\[package-digest-mismatch\]/);
});

test('Critical concerns stop a migration before the first byte until each is accepted', async () => {
  const vmx = path.join(SCRATCH, 'critical', 'guest.vmx');
  await mkdir(path.dirname(vmx));
  execFileSync('qemu-img', ['create', '-q', '-f', 'vmdk', path.join(SCRATCH, 'critical', 'disk.vmdk'), '8M']);
  const lines = [
    'displayName = "critical"',
    'guestOS = "windows2019srv-64"',
    'firmware = "efi"',
    'numvcpus = "2"',
    'memSize = "4096"',
    'vtpm.present = "TRUE"',
    'sata0.present = "TRUE"',
    'sata0:0.present = "TRUE"',
    'sata0:0.fileName = "disk.vmdk"',
  ];
  await writeFile(vmx, `${lines.join('\n')}\n`);
  const out = freshFolder();
  const stopped = await kubeferry(['migrate', '--guest', 'none', vmx, '--to', out]);
  assert.equal(stopped.code, 1);
  assert.match(stopped.err, /nothing was migrated: Critical concerns are open \(tpm-present\)/);
  await assert.rejects(readdir(out));
  const accepted = await kubeferry(['migrate', '--guest', 'none', vmx, '--to', out, '--accept', 'tpm-present']);
  assert.equal(accepted.code, 0, accepted.err);
});
