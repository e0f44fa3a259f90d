import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { readMark } from '../../../src/transfer/writers/file-mark.ts';
import { openRawFile } from '../../../src/transfer/writers/raw-file.ts';
import { failingDisk } from '../../peers/failing-disk.ts';
import { loopDevice } from '../../peers/loop-device.ts';
import { fails, MiB, noise, run, scratch, smallFileSystem } from '../fixture.ts';

const fresh = { keep: false, signal: new AbortController().signal };
const kept = { ...fresh, keep: true };

test('a file has its final name only when it is published, and then its mark', async () => {
  await using place = await scratch();
  await using writer = await openRawFile(place.path('disk.raw'), 3 * MiB + 5, fresh);
  await writer.write(0, noise('a', MiB));
  assert.deepEqual(await readdir(place.folder), ['disk.raw.partial']);
  const mark = await writer.publish(3 * MiB + 5);
  assert.deepEqual(await readdir(place.folder), ['disk.raw']);
  assert.deepEqual(mark, await readMark(place.path('disk.raw')));
  assert.equal(mark.size, 3 * MiB + 5);
  await writer.discard();
  assert.deepEqual(await readdir(place.folder), ['disk.raw']);
});

test('a file is sparse, and for its owner only', async () => {
  await using place = await scratch();
  await using writer = await openRawFile(place.path('disk.raw'), 512 * MiB, fresh);
  await writer.write(100 * MiB, noise('a', MiB));
  await writer.sync();
  const { mode, blocks } = await stat(writer.path);
  assert.equal(mode & 0o777, 0o600);
  assert.ok(blocks * 512 <= 2 * MiB);
});

test('zeroing a long run gives its space back', async () => {
  await using place = await scratch();
  await using writer = await openRawFile(place.path('disk.raw'), 64 * MiB, fresh);
  await writer.write(0, noise('a', 40 * MiB));
  await writer.sync();
  await writer.zero(1, 38 * MiB);
  await writer.sync();
  assert.ok((await stat(writer.path)).blocks * 512 <= 3 * MiB);
});

test('a discarded file is gone, a disposed one stays for a later run', async () => {
  await using place = await scratch();
  await (await openRawFile(place.path('disk.raw'), MiB, fresh))[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(place.folder), ['disk.raw.partial']);
  const writer = await openRawFile(place.path('disk.raw'), MiB, kept);
  assert.equal(writer.resumed, true);
  await writer.discard();
  assert.deepEqual(await readdir(place.folder), []);
});

test('only a file of the same size is taken up again', async () => {
  await using place = await scratch();
  const final = place.path('disk.raw');
  const partial = `${final}.partial`;
  assert.equal(await resumed(), false, 'nothing there');
  assert.equal(await resumed(), true);
  await truncate(partial, 2 * MiB);
  assert.equal(await resumed(), false, 'another size');
  await run('rm', partial);
  await writeFile(place.path('elsewhere'), noise('foreign', MiB));
  await symlink(place.path('elsewhere'), partial);
  assert.equal(await resumed(), false, 'a link to somewhere else');
  assert.ok((await readFile(place.path('elsewhere'))).equals(noise('foreign', MiB)));

  async function resumed(): Promise<boolean> {
    await using writer = await openRawFile(final, MiB, kept);
    assert.equal((await stat(partial)).size, MiB);
    return writer.resumed;
  }
});

test('what cannot be published stays unpublished', async () => {
  await using place = await scratch();
  await mkdir(place.path('disk.raw'));
  await using writer = await openRawFile(place.path('disk.raw'), MiB, fresh);
  await fails(writer.publish(MiB), 'target-write-failed', /EISDIR/);
  await writer.discard();
  assert.deepEqual(await readdir(place.folder), ['disk.raw']);
});

test('a full file system and a missing folder are told as what they are', async () => {
  await using place = await scratch();
  await using small = await smallFileSystem(place, 2 * MiB);
  await using writer = await openRawFile(small.path('disk.raw'), 16 * MiB, fresh);
  await fails(writer.write(0, noise('a', 4 * MiB)), 'target-full', /ENOSPC/);
  await fails(openRawFile(place.path('nowhere/disk.raw'), MiB, fresh), 'target-write-failed', /ENOENT/);
});

test('bytes that the disk did not take are never called durable', async () => {
  await using place = await scratch();
  await using disk = await failingDisk(32 * MiB);
  await using device = await loopDevice(disk.path);
  await run('mkfs.ext4', '-q', device.path);
  const folder = place.path('mounted');
  await mkdir(folder);
  await run('mount', device.path, folder);
  try {
    await using writer = await openRawFile(`${folder}/disk.raw`, 8 * MiB, fresh);
    await writer.write(0, noise('a', MiB));
    await writer.sync();
    await writer.write(MiB, noise('b', MiB));
    await disk.fail();
    await fails(writer.sync(), 'target-write-failed', /EIO/);
  } finally {
    await disk.heal();
    await run('umount', folder);
  }
});
