import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { FolderStore } from '../../src/folder/folder-store.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmProgress } from '../../src/model/plan.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-store-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const AT = '2026-01-02T03:04:05.000Z';

const full: VmProgress = {
  vm: 'fake:web',
  targetName: 'web',
  type: 'cold',
  phase: 'Failed',
  since: AT,
  history: [
    { phase: 'Pending', startedAt: AT, endedAt: AT },
    { phase: 'PowerOffSource', startedAt: AT, endedAt: AT, skipped: 'at rest' },
  ],
  transfers: [
    {
      job: 'web/scsi0:0',
      size: 10,
      moved: 5,
      allocated: 5,
      seconds: 0.5,
      transport: 'qemu-img',
      target: { size: 10, inode: '7', modified: '1' },
      proof: { algorithm: 'sha256', blockSize: 4, root: 'ab', size: 10, allocated: 5 },
    },
  ],
  failure: { phase: 'CopyDisks', code: 'target-full', message: 'No space.', hint: 'Free some.' },
};

test('what is saved is what is loaded', async () => {
  const store = new FolderStore(SCRATCH);
  await store.save(full);
  assert.deepEqual(await store.load('web'), full);
});

test('a VM that was never saved has no progress', async () => {
  assert.equal(await new FolderStore(SCRATCH).load('unknown'), undefined);
});

test('saving leaves nothing aside', async () => {
  const store = new FolderStore(SCRATCH);
  await store.save(full);
  assert.deepEqual(await readdir(path.join(SCRATCH, '.kubeferry', 'vms')), ['web.json']);
});

test('a torn or foreign file is an error, not a beginning', async () => {
  for (const content of ['', '{"vm":"x"', '{"vm":"x"}', JSON.stringify({ ...full, phase: 'Levitate' })]) {
    await writeFile(path.join(SCRATCH, '.kubeferry', 'vms', 'torn.json'), content);
    await assert.rejects(
      new FolderStore(SCRATCH).load('torn'),
      (error) => error instanceof MigrationError && error.code === 'state-unreadable',
    );
  }
});
