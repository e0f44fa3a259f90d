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

/** Everything that a migration can keep: what a reader forgets is lost for whoever goes on. */
const full: Required<Omit<VmProgress, 'sinceCutover'>> = {
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
      proof: { algorithm: 'sha256', blockSize: 4, root: 'ab', copied: 'cd', size: 10, allocated: 5 },
    },
  ],
  hooks: [{ hook: 'h', at: 'BeforeCopy', outcome: 'succeeded', by: 'a program', message: 'done', startedAt: AT, endedAt: AT }],
  conversion: {
    policy: 'convert',
    copy: `${AT} ab`,
    accelerator: 'tcg',
    converter: 'virt-v2v-in-place 2.2.0',
    guest: 'Debian GNU/Linux 12',
    changes: [{ subject: 'network', what: 'ens192 keeps its name.', file: '/etc/systemd/network/10-ens192.link' }],
    warnings: ['Nothing sets the clock.'],
    configured: [{ mac: '00:50:56:ab:cd:01', addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'] }],
    agent: 'announced',
    seconds: [{ phase: 'convert', seconds: 12.5 }],
    disks: [{ disk: 'scsi0:0', changed: 4, root: 'ab' }],
  },
  proof: {
    booted: false,
    evidence: [{ kind: 'login-prompt', text: 'web login:', seconds: 50 }],
    trouble: { code: 'probe-failed', text: 'tcp: no answer' },
    seconds: 60,
    accelerator: { name: 'tcg', because: 'no KVM' },
    screenshot: '/out/web/boot-proof.png',
    addresses: { '00:50:56:ab:cd:01': ['192.0.2.10'] },
    console: 'web login:',
    differences: ['It had 1 virtual processor instead of 2.'],
  },
  sourceStopped: true,
  warm: {
    id: AT,
    held: { id: 's-1', name: 'ours', pass: 2, at: AT, seconds: 1, checkpoints: { 'scsi0:0': 'c-2' } },
    checkpoints: { 'scsi0:0': 'c-1' },
    outdated: ['c-0'],
    passes: [
      {
        ...{ number: 1, checkpointAt: AT, bytes: 5, copySeconds: 1, snapshotSeconds: 1 },
        compared: { bytes: 5, because: 'lost count' },
      },
    ],
    setback: { count: 1, code: 'source-unreachable', message: 'away', at: AT },
  },
  outlook: { next: 'precopy', at: AT, because: 'it is due', cutoverAt: AT, cutoverBecause: 'its window opens' },
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
