import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { changedExtents } from '../../../src/convert/guest/changed-extents.ts';
import { commitOverlay, makeOverlays, overlaysOf, removeOverlays } from '../../../src/convert/guest/overlay.ts';
import type { ConversionDisk } from '../../../src/model/conversion.ts';

const run = promisify(execFile);
const MiB = 1024 ** 2;
const { signal } = new AbortController();

describe('overlays of copied disks', () => {
  let folder: string;
  let disks: ConversionDisk[];

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'overlay-'));
    disks = [];
    for (const key of ['scsi0:0', 'scsi0:1']) {
      const file = path.join(folder, `${key.replace(':', '-')}.raw`);
      await writeFile(file, randomBytes(4 * MiB));
      disks.push({ key, path: file });
    }
  });
  after(() => rm(folder, { recursive: true }));

  it('take every write and leave the disks as they are', async () => {
    const workspace = path.join(folder, 'untouched');
    const before = await Promise.all(disks.map((disk) => readFile(disk.path)));
    const overlays = await makeOverlays(workspace, disks, signal);
    for (const { overlay } of overlays) await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 1M', overlay]);
    for (const [at, disk] of disks.entries()) assert.deepEqual(await readFile(disk.path), before[at]);
    await removeOverlays(workspace);
    for (const { overlay } of overlays) await assert.rejects(stat(overlay), { code: 'ENOENT' });
  });

  it('are committed as soon as nobody else has them: one that was killed takes a moment to end', async () => {
    const [overlay] = await makeOverlays(path.join(folder, 'held'), disks.slice(0, 1), signal);
    assert.ok(overlay);
    const held = run('qemu-io', ['-f', 'qcow2', '-c', 'sleep 1500', overlay.overlay]);
    // Until it has it: whoever only looks is turned away.
    const look = (): Promise<boolean> =>
      run('qemu-img', ['info', overlay.overlay]).then(
        () => true,
        () => false,
      );
    while (await look());
    await commitOverlay(overlay, signal);
    await held;
  });

  it('do not count zeros where the disk is a hole, which a trim makes', async () => {
    const file = path.join(folder, 'holes.raw');
    const handle = await open(file, 'w');
    await handle.truncate(8 * MiB);
    // Data at 1 MiB and at 4 MiB; the second ends within a cluster.
    await handle.write(randomBytes(MiB), 0, MiB, MiB);
    await handle.write(randomBytes(MiB / 8 + 4096), 0, MiB / 8 + 4096, 4 * MiB);
    await handle.close();
    const [overlay] = await makeOverlays(path.join(folder, 'holes'), [{ key: 'holes', path: file }], signal);
    assert.ok(overlay);
    const writes = ['write -z 0 5M', 'discard 6M 1M', 'write -P 7 7M 64k', 'write -z 7360k 64k'];
    await run('qemu-io', ['-f', 'qcow2', '-d', 'unmap', ...writes.flatMap((write) => ['-c', write]), overlay.overlay]);
    const zeroed = [
      { offset: MiB, length: MiB },
      { offset: 4 * MiB, length: MiB / 8 + MiB / 16 },
    ];
    assert.deepEqual(await changedExtents(overlay, signal), {
      changed: [...zeroed, { offset: 7 * MiB, length: MiB / 16 }],
      zeroed,
    });
  });

  it('say where a commit will write, zeros included, and commits write there and nowhere else', async () => {
    const [disk] = disks;
    assert.ok(disk);
    const before = await readFile(disk.path);
    const [overlay] = await makeOverlays(path.join(folder, 'extents'), [disk], signal);
    assert.ok(overlay);
    const writes = ['write -P 7 1M 64k', 'write -P 9 1088k 64k', 'write -z 2M 128k', 'discard 3M 64k'];
    await run('qemu-io', ['-f', 'qcow2', '-d', 'unmap', ...writes.flatMap((write) => ['-c', write]), overlay.overlay]);
    const { changed, zeroed } = await changedExtents(overlay, signal);
    assert.deepEqual(changed, [
      { offset: MiB, length: MiB / 8 },
      { offset: 2 * MiB, length: MiB / 8 },
      { offset: 3 * MiB, length: MiB / 16 },
    ]);
    assert.deepEqual(zeroed, changed.slice(1));
    await commitOverlay(overlay, signal);
    const after = await readFile(disk.path);
    const expected = Buffer.from(before);
    expected.fill(7, MiB, MiB + MiB / 16).fill(9, MiB + MiB / 16, MiB + MiB / 8);
    expected.fill(0, 2 * MiB, 2 * MiB + MiB / 8).fill(0, 3 * MiB, 3 * MiB + MiB / 16);
    assert.ok(after.equals(expected));
    await commitOverlay(overlay, signal);
    assert.ok((await readFile(disk.path)).equals(expected), 'a second commit gives the same bytes');
  });

  it('can be committed again after a commit was killed half-way', async () => {
    const file = path.join(folder, 'killed.raw');
    const handle = await open(file, 'w');
    await handle.truncate(256 * MiB);
    await handle.close();
    const [overlay] = await makeOverlays(path.join(folder, 'killed'), [{ key: 'a', path: file }], signal);
    assert.ok(overlay);
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 128M', overlay.overlay]);
    const child = spawn('qemu-img', ['commit', '-q', '-d', '-f', 'qcow2', '-r', '16M', overlay.overlay]);
    await firstByte(file, 5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok((await differing(file)) > 0, 'the commit was not yet complete');
    await commitOverlay(overlay, signal);
    assert.equal(await differing(file), 0);
  });

  it('have names that do not depend on those of the disks', () => {
    const [overlay] = overlaysOf('/workspace', [{ key: '../x', path: '/disks/a b,c.raw' }]);
    assert.equal(overlay?.overlay, '/workspace/overlay-0.qcow2');
  });
});

/** Settles when the file begins with this byte. */
async function firstByte(file: string, value: number): Promise<void> {
  const handle = await open(file);
  try {
    for (;;) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 0);
      if (buffer[0] === value) return;
      await new Promise(setImmediate);
    }
  } finally {
    await handle.close();
  }
}

/** MiB of the first 128 that are not all 5. */
async function differing(file: string): Promise<number> {
  const handle = await open(file);
  try {
    let count = 0;
    const expected = Buffer.alloc(MiB, 5);
    for (let at = 0; at < 128; at += 1) {
      const { buffer } = await handle.read(Buffer.alloc(MiB), 0, MiB, at * MiB);
      if (!buffer.equals(expected)) count += 1;
    }
    return count;
  } finally {
    await handle.close();
  }
}
