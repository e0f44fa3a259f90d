import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Ajv } from 'ajv';
import type { ProgressEvent } from '../../src/cli/progress/json-lines.ts';
import type { DiskHasher } from '../../src/contracts/verification.ts';
import type { Verification } from '../../src/model/verification.ts';
import { FileHasher } from '../../src/wire.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { loopDevice } from '../peers/loop-device.ts';
import { PUBLISHED_VERIFICATION, publishedText, verificationSchema } from '../report/schema.ts';
import { kubeferry } from './session.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-verify-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const NAME = 'kubeferry-demo';
const OUT = path.join(SCRATCH, 'out');
const DISK = path.join(OUT, NAME, 'disks', `${NAME}-disk-0.img`);
const OVA = await buildGuest(SCRATCH);
const migrated = await kubeferry(['migrate', '--guest', 'none', OVA, '--to', OUT]);
assert.equal(migrated.code, 0, migrated.err);
const KEPT = path.join(SCRATCH, 'kept.img');
await copyFile(DISK, KEPT);
const REPORT = path.join(SCRATCH, 'report.json');
await copyFile(path.join(OUT, 'report.json'), REPORT);
await rm(OVA);

async function restore(): Promise<void> {
  await copyFile(KEPT, DISK);
}

async function verdicts(...args: string[]): Promise<{ readonly code: number; readonly verification: Verification }> {
  const { code, out } = await kubeferry(['verify', OUT, '-o', 'json', ...args]);
  return { code, verification: JSON.parse(out) };
}

test('a disk that is as it was left is ok, with the root hash that was sealed, and without its source', async () => {
  const { code, out, err } = await kubeferry(['verify', OUT, NAME]);
  assert.equal(code, 0, err);
  assert.match(out, /^ok +kubeferry-demo\/scsi0:0 +\S+ \S+ +sha256 [0-9a-f]{64}$/m);
  assert.match(out, /1 of 1 disks are as they were sealed/);
  assert.match(err, /kubeferry-demo\/scsi0:0: proving/);
});

test('one changed bit differs, though size and time are the same', async () => {
  const before = await stat(DISK);
  const file = await open(DISK, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, 300_000);
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 300_000);
  await file.close();
  await utimes(DISK, before.atime, before.mtime);
  const { code, verification } = await verdicts();
  assert.equal(code, 1);
  const [disk] = verification.disks;
  assert.equal(disk?.outcome, 'differs');
  assert.notEqual(disk?.root, disk?.sealed?.root);
  await restore();
});

test('a shorter file differs without being read, and a missing one is missing', async () => {
  await truncate(DISK, 1024);
  const short = await verdicts();
  assert.equal(short.code, 1);
  assert.equal(short.verification.disks[0]?.outcome, 'differs');
  assert.match(short.verification.disks[0]?.finding ?? '', /1024 bytes/);
  await rm(DISK);
  const gone = await verdicts();
  assert.equal(gone.code, 1);
  assert.equal(gone.verification.disks[0]?.outcome, 'missing');
  await restore();
});

test('what was moved without a proof, or did not end, is unproven', async () => {
  const state = path.join(OUT, '.kubeferry', 'vms', `${NAME}.json`);
  const text = await readFile(state, 'utf8');
  const progress = JSON.parse(text);
  const { proof: _, ...plain } = progress.transfers[0];
  await writeFile(state, JSON.stringify({ ...progress, transfers: [plain] }));
  const unproven = await verdicts();
  assert.equal(unproven.code, 1);
  assert.match(unproven.verification.disks[0]?.finding ?? '', /--no-verify/);
  await writeFile(state, JSON.stringify({ ...progress, transfers: [] }));
  assert.equal((await verdicts()).verification.disks[0]?.outcome, 'unproven');
  await writeFile(state, text);
});

test('a disk that cannot be read is told as such, with exit 3', async () => {
  const real = new FileHasher();
  const hasher = (): DiskHasher => ({
    blockSize: real.blockSize,
    look: (file) => real.look(file),
    rootOf: (disk, options) => real.rootOf({ ...disk, path: `${disk.path}/nothing` }, options),
  });
  const { code, out } = await kubeferry(['verify', OUT], { services: { hasher } });
  assert.equal(code, 3);
  assert.match(out, /^UNREADABLE .*The disk cannot be read \(ENOTDIR\)/m);
});

test('a folder without a migration and a VM that is not there are the mistake of whoever asks', async () => {
  const empty = await kubeferry(['verify', SCRATCH]);
  assert.equal(empty.code, 2);
  assert.match(empty.err, /holds no migration\. \[source-not-found\]/);
  const unknown = await kubeferry(['verify', OUT, 'other']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /no disk of other\. \[vm-not-found\]\n.*holds disks of: kubeferry-demo/s);
});

test('names in the state that lead out of the folder are refused', async () => {
  const marker = path.join(OUT, '.kubeferry', 'run.json');
  const text = await readFile(marker, 'utf8');
  await writeFile(marker, text.replaceAll(`"${NAME}"`, '"../../etc"'));
  const { code, err } = await kubeferry(['verify', OUT]);
  assert.equal(code, 3);
  assert.match(err, /\[state-unreadable\]/);
  await writeFile(marker, text);
});

test('a canceled verification ends as canceled', async () => {
  const { code, err } = await kubeferry(['verify', OUT], { signal: AbortSignal.abort() });
  assert.equal(code, 3);
  assert.match(err, /canceled/);
});

test('its progress can be read by programs', async () => {
  const { err } = await kubeferry(['verify', OUT, '--progress', 'json']);
  const events: ProgressEvent[] = err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual([...new Set(events.map(({ event }) => event))], ['transfer-starts', 'transfer-moves', 'transfer-ends']);
  const moves = events.filter((event) => event.event === 'transfer-moves');
  assert.ok(moves.every(({ stage, done, total }) => stage === 'prove' && done <= total));
  assert.equal(moves.at(-1)?.done, moves.at(-1)?.total);
});

const JOB = `${NAME}/scsi0:0`;

async function verdictOf(place: string, ...args: string[]): Promise<{ code: number; err: string; verification?: Verification }> {
  const { code, out, err } = await kubeferry(['verify', place, '--report', REPORT, '-o', 'json', ...args]);
  return { code, err, ...(out !== '' && { verification: JSON.parse(out) }) };
}

test('one file is held to the report that sealed it, wherever it is now', async () => {
  const elsewhere = path.join(SCRATCH, 'elsewhere.raw');
  await copyFile(KEPT, elsewhere);
  const { code, verification } = await verdictOf(elsewhere);
  assert.equal(code, 0);
  const [disk] = verification?.disks ?? [];
  assert.deepEqual([disk?.outcome, disk?.vm, disk?.disk, disk?.file], ['ok', NAME, 'scsi0:0', elsewhere]);
  const file = await open(elsewhere, 'r+');
  await file.write('x', 500_000);
  await file.close();
  assert.equal((await verdictOf(elsewhere)).code, 1);
  await truncate(elsewhere, 512);
  assert.match((await verdictOf(elsewhere)).verification?.disks[0]?.finding ?? '', /^The file has 512 bytes/);
  assert.equal((await verdictOf(path.join(SCRATCH, 'nowhere'))).verification?.disks[0]?.outcome, 'missing');
});

test('a block device is held to the report, and may be larger than its disk', async () => {
  const backing = path.join(SCRATCH, 'backing');
  await copyFile(KEPT, backing);
  const { size } = await stat(backing);
  await truncate(backing, Math.ceil(size / 4096) * 4096 + 1024 * 1024);
  {
    await using device = await loopDevice(backing);
    const { code, verification } = await verdictOf(device.path, '--disk', JOB);
    assert.equal(code, 0);
    assert.deepEqual([verification?.disks[0]?.outcome, verification?.place], ['ok', device.path]);
    const file = await open(device.path, 'r+');
    await file.write('x', size - 10);
    await file.close();
    assert.equal((await verdictOf(device.path)).verification?.disks[0]?.outcome, 'differs');
  }
  await truncate(backing, 1024 * 1024);
  await using small = await loopDevice(backing);
  assert.match((await verdictOf(small.path)).verification?.disks[0]?.finding ?? '', /^The device has 1048576 bytes/);
});

test('the report may be any part of one: a line, the state of a VM, the result of a disk', async () => {
  const report = JSON.parse(await readFile(REPORT, 'utf8'));
  const [entry] = report.vms;
  for (const part of [entry, entry.progress, entry.progress.transfers[0]]) {
    const file = path.join(SCRATCH, 'part.json');
    await writeFile(file, JSON.stringify(part));
    assert.equal((await kubeferry(['verify', KEPT, '--report', file])).code, 0);
  }
});

test('hashes of another version are no proof of a difference', async () => {
  const report = JSON.parse(await readFile(REPORT, 'utf8'));
  report.vms[0].progress.transfers[0].proof.blockSize *= 2;
  const file = path.join(SCRATCH, 'other-version.json');
  await writeFile(file, JSON.stringify(report));
  const { code, out } = await kubeferry(['verify', KEPT, '--report', file]);
  assert.equal(code, 1);
  assert.match(out, /^UNPROVEN .*sealed by another version/m);
});

test('what cannot be right about report and disk is the mistake of whoever asks', async () => {
  const bad: readonly (readonly [RegExp, readonly string[]])[] = [
    [/no disk other\/x\. \[vm-not-found\]\n.*one of: kubeferry-demo\/scsi0:0/s, [KEPT, '--report', REPORT, '--disk', 'other/x']],
    [/is no JSON\. \[config-invalid\]/, [KEPT, '--report', KEPT]],
    [/no report of kubeferry.* \[config-invalid\]/, [KEPT, '--report', await jsonFile('{"a": 1}')]],
    [/cannot be read\. \[config-invalid\]/, [KEPT, '--report', path.join(SCRATCH, 'none.json')]],
    [/--disk goes with --report/, [OUT, '--disk', JOB]],
    [/named by --disk/, [KEPT, NAME, '--report', REPORT]],
  ];
  for (const [words, args] of bad) {
    const { code, err } = await kubeferry(['verify', ...args]);
    assert.equal(code, 2, err);
    assert.match(err, words);
  }
});

async function jsonFile(text: string): Promise<string> {
  const file = path.join(SCRATCH, 'some.json');
  await writeFile(file, text);
  return file;
}

test('what is printed as JSON is what the published schema says, and the schema is the one of the types', async () => {
  const strict = verificationSchema();
  assert.deepEqual(JSON.parse(await readFile(PUBLISHED_VERIFICATION, 'utf8')), JSON.parse(publishedText(strict)));
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
  const matches = ajv.compile(strict);
  const documents = [
    (await verdicts()).verification,
    (await verdictOf(KEPT)).verification,
    (await verdictOf('/nowhere')).verification,
  ];
  for (const document of documents) assert.ok(matches(document), JSON.stringify(matches.errors));
  assert.ok(!matches({ ...documents[0], surprise: true }));
});
