/** What has to be true after an attempt and at the end of a story, found out without the engine's own word. */
import assert from 'node:assert/strict';
import { copyFile, readdir, readlink } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { TransferJob, TransferResult } from '../../../src/model/transfer.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import { FileJournalStore } from '../../../src/transfer/journal/file-store.ts';
import { MiB, run } from '../../transfer/fixture.ts';
import type { Asked } from '../../transfer/transports/range/fault-server.ts';
import { rootOf } from './guest-disk.ts';
import type { Place } from './place.ts';

/** Blocks that the journal has as done in the pass of this number. */
export async function doneBlocks(
  place: Place,
  { job, pass, copy }: { job: TransferJob; pass: number; copy: string },
): Promise<ReadonlySet<number>> {
  if (
    !(await copyFile(place.journal, copy).then(
      () => true,
      () => false,
    ))
  )
    return new Set();
  // A journal that cannot be read would be thrown away by the engine without a word.
  await using journal = await openJournal({ store: new FileJournalStore(copy), size: job.source.capacity, identity: job.id });
  const blocks = Array.from({ length: journal.hashes.count }, (_, index) => index);
  if (journal.passes !== pass || journal.pass === undefined || journal.pass.ended) return new Set();
  return new Set(blocks.filter((index) => journal.stateOf(index) === 'done'));
}

/** Nothing was asked for that was done, but what the target had lost. */
export function assertNotReadAgain(asked: readonly Asked[], done: ReadonlySet<number>, lost: ReadonlySet<number>): void {
  for (const { number, first, last } of asked) {
    // The probe that each reader begins with.
    if (first === 0 && last === 511) continue;
    for (let block = Math.floor(first / MiB); block <= Math.floor(last / MiB); block += 1) {
      assert.ok(!done.has(block) || lost.has(block), `request ${number} reads block ${block} again, which was done`);
    }
  }
}

/** @param wrong bytes that the server gave wrongly and nobody could know */
export function assertContent(found: Buffer | undefined, disk: Buffer, wrong: ReadonlySet<number>): void {
  assert.ok(found !== undefined, 'there is no target');
  const differing = differences(found.subarray(0, disk.length), disk);
  const unexplained = differing.filter((at) => !wrong.has(at));
  assert.equal(unexplained.length, 0, `${unexplained.length} bytes differ, the first one at ${unexplained[0]} of ${disk.length}`);
  const behind = found.subarray(disk.length);
  assert.ok(behind.equals(Buffer.alloc(behind.length)), 'old bytes are left behind the disk');
}

function differences(a: Buffer, b: Buffer): readonly number[] {
  const found: number[] = [];
  assert.equal(a.length, b.length, 'the target has another size');
  for (let start = 0; start < a.length; start += 4096) {
    if (a.subarray(start, start + 4096).equals(b.subarray(start, start + 4096))) continue;
    for (let at = start; at < Math.min(start + 4096, a.length); at += 1) if (a[at] !== b[at]) found.push(at);
  }
  return found;
}

export function assertProof({ proof }: TransferResult, found: Buffer, size: number): void {
  if (proof === undefined) return;
  assert.equal(proof.size, size);
  assert.equal(proof.root, rootOf(found.subarray(0, size)), 'the root of the proof is not that of the target');
}

/** Nothing works on the story's files any more, and no temporary folder of its processes is left. */
export async function assertNothingLeft(folder: string, target: string, pids: ReadonlySet<number>): Promise<void> {
  await assertNobodyWorks([folder, target]);
  const folders = (await readdir(os.tmpdir())).map((name) => /^kubeferry-\d+-(\d+)-/.exec(name)?.[1]);
  const left = folders.filter((pid) => pid !== undefined && pids.has(Number(pid)));
  assert.deepEqual(left, [], 'temporary folders are left');
}

/** Programs die with their parents; the kernel may take a moment to bury them. */
export async function assertNobodyWorks(paths: readonly string[]): Promise<void> {
  for (let patience = 100; ; patience -= 1) {
    const found = await workersOn(paths);
    if (found.length === 0) return;
    assert.ok(patience > 0, `still open: ${found.join(', ')}`);
    await pause(20);
  }
}

async function workersOn(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '');
      if (paths.some((one) => target === one || target.startsWith(`${one}/`))) found.push(`${target} by ${pid}`);
    }
  }
  return found;
}

/** Of this process: connections, servers, programs, watches and threads end with what used them. */
export async function assertNothingOpen(): Promise<void> {
  const ours = /^(TCP|TLS|Process|FSEvent|MessagePort|Worker)/;
  for (let patience = 100; ; patience -= 1) {
    const found = process.getActiveResourcesInfo().filter((name) => ours.test(name));
    if (found.length === 0) return;
    assert.ok(patience > 0, `still open here: ${found.join(', ')}`);
    await pause(20);
  }
}

export async function assertNoDevice(folder: string): Promise<void> {
  assert.ok(!(await run('losetup', '--list', '--noheadings', '--output', 'BACK-FILE')).includes(folder), 'a loop device is left');
}
