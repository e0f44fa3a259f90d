import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { ProgressEvent } from '../../src/cli/progress/json-lines.ts';
import type { Verification } from '../../src/verify.ts';
import { FileHasher } from '../../src/wire.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { kubeferry } from './session.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-verify-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const NAME = 'kubeferry-demo';
const OUT = path.join(SCRATCH, 'out');
const DISK = path.join(OUT, NAME, 'disks', `${NAME}-disk-0.img`);
const OVA = await buildGuest(SCRATCH);
const migrated = await kubeferry(['migrate', OVA, '--to', OUT]);
assert.equal(migrated.code, 0, migrated.err);
const KEPT = path.join(SCRATCH, 'kept.img');
await copyFile(DISK, KEPT);
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
  const hasher = () => ({
    rootOf: (disk: Parameters<FileHasher['rootOf']>[0], options: Parameters<FileHasher['rootOf']>[1]) =>
      real.rootOf({ ...disk, path: `${disk.path}/nothing` }, options),
  });
  const { code, out } = await kubeferry(['verify', OUT], { services: { hasher } });
  assert.equal(code, 3);
  assert.match(out, /^UNREADABLE/m);
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
