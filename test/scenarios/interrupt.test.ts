/**
 * SIGINT in the middle of `kubeferry migrate --to DIR`, while a disk is being written: the command ends in order within seconds,
 * nothing half has its final name, and `--resume` finishes the migration.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MiB, rawDisk, run, scratch } from '../transfer/fixture.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Far above what ending takes, far below what the copy would. */
const PATIENCE_MS = 5_000;

function kubeferry(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} while a disk is written leaves nothing half under its final name, and --resume finishes`, async () => {
    await using place = await scratch();
    const raw = place.path('disk.raw');
    const source = place.path('guest.qcow2');
    const out = place.path('out');
    await rawDisk(raw, 256 * MiB, [{ offset: 0, length: 200 * MiB }]);
    await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, source);

    const child = kubeferry('migrate', '--guest', 'none', source, '--to', out);
    child.stderr?.on('data', (text: Buffer) => {
      if (text.includes('copying')) child.kill(signal);
    });
    const interrupted = performance.now();
    const [code] = await once(child, 'close');
    assert.equal(code, 3);
    assert.ok(performance.now() - interrupted < PATIENCE_MS);
    const left = await readdir(out, { recursive: true });
    assert.deepEqual(
      left.filter((name) => name.endsWith('.img')),
      [],
    );

    const [resumed] = await once(kubeferry('migrate', '--guest', 'none', source, '--to', out, '--resume'), 'close');
    assert.equal(resumed, 0);
    assert.ok((await readFile(place.path('out/guest/disks/guest-disk-0.img'))).equals(await readFile(raw)));
  });
}
