/** Whole copies from a share: killed and gone on with, in passes with deltas, and slowed down. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SourceAccess } from '../../../../src/contracts/source-access.ts';
import type { Extent, SharedImageSource, TransferProgress } from '../../../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../../../src/transfer/local-copier.ts';
import { scatteredDisk } from '../../../conformance/disk-reader.ts';
import { type Samba, startSamba } from '../../../peers/samba.ts';
import { clock, copy, jobTo, MiB, type Scratch, scratch } from '../../fixture.ts';
import { blocksOf } from '../../formats/vhdx/disks.ts';
import { writeVhdx } from '../../formats/vhdx/vhdx-writer.ts';
import { live, TRACKED } from '../range/fixture.ts';
import { accessTo, SHARE, sharedSource } from './fixture.ts';

const SIZE = 32 * MiB;
const CHILD = fileURLToPath(new URL('./copy-child.ts', import.meta.url));

let place: Scratch;
let samba: Samba;

before(async () => {
  place = await scratch();
  samba = await startSamba({ shares: { [SHARE]: place.folder } });
});

after(async () => {
  await samba?.[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

async function freeze(name: string, content: Buffer): Promise<void> {
  await writeVhdx(place.path(name), { capacity: content.length, blockSize: MiB, blocks: blocksOf(content, MiB) });
}

function sourceOf(name: string, more: Partial<SharedImageSource>): SharedImageSource {
  return sharedSource(samba.port, { names: [name], capacity: SIZE }, more);
}

test('passes over a disk that changes bring what changed, and the last one is the disk as it is then', async () => {
  const { content } = scatteredDisk(SIZE, 11);
  const changed: Extent[] = [];
  const changes: SourceAccess['changes'] = {
    enable: async () => ({ tracked: [], untracked: [] }),
    async *changed({ since }) {
      assert.deepEqual(since, { checkpoint: 'one' }, 'what is allocated is known from the file');
      yield* changed;
    },
  };
  const access = { ...accessTo(samba), changes };
  const target = place.path('warm.raw');
  const tracking = { ...TRACKED, snapshot: 'first' };
  await freeze('warm.vhdx', content);
  const first = await copy(jobTo(target, sourceOf('warm.vhdx', { tracking }), { staysOpen: true }), { access });
  assert.ok(first.moved > 10 * MiB);
  for (const offset of [3 * MiB + 512, 9 * MiB, 20 * MiB - 4096]) {
    content.fill(0x77, offset, offset + 8192);
    changed.push({ offset, length: 8192 });
  }
  await freeze('warm.vhdx', content);
  const { snapshot: _, ...atRest } = tracking;
  const source = sourceOf('warm.vhdx', { tracking: atRest, mark: 'off' });
  const last = await copy(jobTo(target, source, { delta: { since: 'one' } }), { access });
  assert.ok((await readFile(target)).equals(content));
  assert.equal(last.passes, 2);
  assert.ok(last.moved < MiB);
  assert.equal(last.proof?.size, SIZE);
});

test('a copy that was killed by SIGKILL goes on where it was', async () => {
  const content = Buffer.alloc(SIZE, 'data everywhere');
  await freeze('killed.vhdx', content);
  const target = place.path('killed.raw');
  const job = jobTo(target, sourceOf('killed.vhdx', { mark: 'at rest' }));
  const { user, password } = samba;
  const env = { ...process.env, COPY_JOB: JSON.stringify(job), COPY_LOGIN: JSON.stringify({ user, password }) };
  const child = spawn(process.execPath, [CHILD], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  // The journal holds a dozen hashes once there was a commit.
  while (((await stat(`${target}.journal`).catch(() => undefined))?.size ?? 0) < 500) {
    assert.equal(child.exitCode, null, 'it is slow enough to be killed');
    await delay(20);
  }
  child.kill('SIGKILL');
  await once(child, 'close');
  const { moved } = await copy(job, { access: accessTo(samba) });
  assert.ok(moved < SIZE - 8 * MiB, `${moved} bytes were read again`);
  assert.ok((await readFile(target)).equals(content));
});

test('a copy takes no more bandwidth than it is granted, and tells how far it is', async () => {
  const { content } = scatteredDisk(SIZE, 13);
  await freeze('slow.vhdx', content);
  let taken = 0;
  const bandwidth = {
    take: async (bytes: number) => {
      taken += bytes;
    },
  };
  const told: TransferProgress[] = [];
  const job = jobTo(place.path('slow.raw'), sourceOf('slow.vhdx', {}));
  const options = { signal: live(), onProgress: (progress: TransferProgress) => told.push(progress), access: accessTo(samba) };
  const { moved, allocated } = await new LocalDiskCopier({ clock, bandwidth }).copy(job, options);
  assert.deepEqual([taken, moved], [allocated, allocated]);
  assert.equal(told.filter(({ stage }) => stage === 'copy').at(-1)?.done, allocated);
});
