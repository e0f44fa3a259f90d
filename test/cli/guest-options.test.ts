import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Command } from 'commander';
import { addGuestOptions, type GuestFlags, guestTerms } from '../../src/cli/guest-options.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { GuestTerms } from '../../src/model/guest-terms.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'guest-options-'));
after(() => rm(folder, { recursive: true }));

async function terms(...argv: readonly string[]): Promise<GuestTerms> {
  const command = addGuestOptions(new Command('try').exitOverride().configureOutput({ writeErr: () => undefined }));
  command.action(() => undefined).parse(argv, { from: 'user' });
  return await guestTerms(command.opts<GuestFlags>());
}

test('guests are converted and have to be seen to boot, unless somebody says otherwise', async () => {
  assert.deepEqual(await terms(), { others: { conversion: { policy: 'convert' }, proof: { probes: [] } }, byVm: new Map() });
  assert.deepEqual((await terms('--guest', 'none')).others, { conversion: { policy: 'none' } });
  assert.deepEqual((await terms('--prove', 'none')).others, { conversion: { policy: 'convert' } });
});

test('single VMs have a policy and a root of their own, beside what all have', async () => {
  const all = ['--guest', 'skip', '--guest', 'old=compatibility', '--guest', 'a=b=convert', '--guest-root', 'a=b=/dev/sdb2'];
  const { others, byVm } = await terms(...all, '--guest-clevis', 'all');
  assert.deepEqual(others.conversion, { policy: 'skip', clevis: ['all'] });
  assert.deepEqual(byVm.get('old')?.conversion, { policy: 'compatibility' });
  assert.deepEqual(byVm.get('a=b')?.conversion, { policy: 'convert', root: '/dev/sdb2', clevis: ['all'] });
});

test('a root is a device, or a subvolume of btrfs in the words of the converter', async () => {
  for (const root of ['/dev/sdb2', '/dev/vg0/root', 'btrfsvol:/dev/sda1/@rootfs'])
    assert.equal((await terms('--guest-root', root)).others.conversion?.root, root);
});

test('probes are questions to ports, pages and programs', async () => {
  const asked = ['--probe', 'tcp:22', '--probe', 'http:8080/health', '--probe', `script:${folder}/ask.sh:80,443`];
  const { proof } = (await terms(...asked, '--prove-within', '90')).others;
  assert.deepEqual(proof, {
    probes: [
      { kind: 'tcp', port: 22 },
      { kind: 'http', port: 8080, path: '/health' },
      { kind: 'script', path: path.join(folder, 'ask.sh'), ports: [80, 443] },
    ],
    deadlineSeconds: 90,
  });
});

test('words that mean nothing are refused', async () => {
  const wrong = [
    ['--guest', 'virtio'],
    ['--guest', 'web=virtio'],
    ['--guest-root', 'sda1'],
    ['--probe', 'udp:53'],
    ['--probe', 'tcp:0'],
    ['--probe', 'tcp:22/x'],
    ['--probe', 'script:ask.sh'],
    ['--prove-within', '5'],
  ];
  for (const argv of wrong) await assert.rejects(terms(...argv), { code: 'commander.invalidArgument' }, argv.join(' '));
});

test('scripts are read at once; one that is missing or too long is told before anything is done', async () => {
  const file = path.join(folder, 'tidy up.sh');
  await writeFile(file, '#!/bin/sh\napt-get purge -y vendor-agent\n');
  const { scripts } = (await terms('--guest-run', file, '--guest-first-boot', file)).others.conversion ?? {};
  assert.deepEqual(
    scripts?.map(({ name, when }) => [name, when]),
    [
      ['tidy_up.sh', 'conversion'],
      ['tidy_up.sh', 'first-boot'],
    ],
  );
  await assert.rejects(terms('--guest-run', path.join(folder, 'none.sh')), isConfigInvalid);
  await writeFile(file, 'x'.repeat(65_537));
  await assert.rejects(terms('--guest-first-boot', file), isConfigInvalid);
});

function isConfigInvalid(error: unknown): boolean {
  return error instanceof MigrationError && error.code === 'config-invalid';
}
