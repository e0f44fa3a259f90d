/** Conversions that fail, early and late: the copied disk stays what was copied, and the error says why. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { buildGuest, USUAL_GUEST } from '../../peers/guests.ts';
import { type CopiedGuest, convertGuest, copyGuest, hashesOf } from './workbench.ts';

/** Commands of debugfs to the guest's file system, which begins at the first MiB of the disk. */
async function change({ disks, folder }: CopiedGuest, ...commands: readonly string[]): Promise<void> {
  const file = path.join(folder, 'commands');
  await writeFile(file, `${commands.join('\n')}\n`);
  const { stderr } = await promisify(execFile)('debugfs', ['-w', '-f', file, `${disks[0]?.path}?offset=1048576`]);
  assert.doesNotMatch(stderr, /not found|No such/);
}

async function kernelOf({ disks }: CopiedGuest): Promise<string> {
  const { stdout } = await promisify(execFile)('debugfs', ['-R', 'ls -p /boot', `${disks[0]?.path}?offset=1048576`]);
  const [kernel] = /vmlinuz-[^/]+/.exec(stdout) ?? [];
  assert.ok(kernel, stdout);
  return kernel;
}

test('a guest without a kernel is not converted, and its disk stays as it was', async (t) => {
  const guest = await copyGuest(t, USUAL_GUEST, await buildGuest(USUAL_GUEST));
  await change(guest, `rm /boot/${await kernelOf(guest)}`);
  await failsAndStays(guest, 'guest-boot-missing');
});

test('a conversion that fails after much of its work leaves the disk as it was', async (t) => {
  const guest = await copyGuest(t, USUAL_GUEST, await buildGuest(USUAL_GUEST));
  const broken = path.join(guest.folder, 'broken');
  await writeFile(broken, '#!/bin/sh\necho "no initial RAM disk today" >&2\nexit 1\n', { mode: 0o755 });
  await change(guest, 'rm /usr/sbin/update-initramfs', `write ${broken} /usr/sbin/update-initramfs`);
  const message = await failsAndStays(guest, 'conversion-failed');
  assert.match(message, /no initial RAM disk today/);
});

async function failsAndStays(guest: CopiedGuest, code: string): Promise<string> {
  const before = await hashesOf(guest);
  let message = '';
  await assert.rejects(convertGuest(guest), (error: Error & { code?: string }) => {
    message = error.message;
    assert.equal(error.code, code, error.stack ?? message);
    return true;
  });
  assert.deepEqual(await hashesOf(guest), before);
  assert.deepEqual(await readdir(guest.workspace), ['conversion.json'], 'nothing is left of the work');
  return message;
}
