import assert from 'node:assert/strict';
import { mkdir, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openBlockDevice } from '../../../src/transfer/writers/block-device.ts';
import { deviceSize } from '../../../src/transfer/writers/device-size.ts';
import { failingDisk } from '../../peers/failing-disk.ts';
import { loopDevice } from '../../peers/loop-device.ts';
import { fails, MiB, noise, run, scratch } from '../fixture.ts';

const signal = new AbortController().signal;
const used = { blanked: false, signal };

test('the size of a device is found without sysfs', async () => {
  await using place = await scratch();
  for (const size of [512, 3 * 512, MiB, 37 * MiB + 512]) {
    await writeFile(place.path('backing'), '');
    await truncate(place.path('backing'), size);
    await using device = await loopDevice(place.path('backing'));
    assert.equal(await deviceSize(device.path), size);
  }
});

test('a device that is mounted, or open for somebody else, is refused untouched', async () => {
  await using place = await scratch();
  await writeFile(place.path('backing'), '');
  await truncate(place.path('backing'), 8 * MiB);
  await using device = await loopDevice(place.path('backing'));
  await run('mkfs.ext4', '-q', device.path);
  const before = await readFile(place.path('backing'));
  await mkdir(place.path('mounted'));
  await run('mount', '-o', 'ro', device.path, place.path('mounted'));
  await fails(openBlockDevice(device.path, MiB, used), 'target-occupied', /mounted/);
  await run('umount', place.path('mounted'));
  assert.ok((await readFile(place.path('backing'))).equals(before));
  await using _ = await openBlockDevice(device.path, MiB, used);
  await fails(openBlockDevice(device.path, MiB, used), 'target-occupied');
});

test('a device that is too small, or none at all, is refused untouched', async () => {
  await using place = await scratch();
  await writeFile(place.path('backing'), noise('precious', MiB));
  {
    await using device = await loopDevice(place.path('backing'));
    const error = await fails(openBlockDevice(device.path, MiB + 1, used), 'space-insufficient', /only 1\.00 MiB/);
    assert.equal(error.place.file, device.path);
  }
  await fails(openBlockDevice(place.path('backing'), MiB, used), 'target-write-failed', /not a block device/);
  await fails(openBlockDevice(place.path('nothing'), MiB, used), 'target-write-failed', /ENOENT/);
  assert.ok((await readFile(place.path('backing'))).equals(noise('precious', MiB)));
});

test('a device that shrinks while it is written is an error, not a short write', async () => {
  await using place = await scratch();
  await writeFile(place.path('backing'), '');
  await truncate(place.path('backing'), 8 * MiB);
  await using device = await loopDevice(place.path('backing'));
  await using writer = await openBlockDevice(device.path, 8 * MiB, used);
  await truncate(place.path('backing'), 5 * MiB);
  await run('losetup', '--set-capacity', device.path);
  await fails(writer.write(4 * MiB, noise('over the end', 2 * MiB)), 'target-full', /ENOSPC/);
  await fails(writer.read(6 * MiB, Buffer.alloc(512)), 'target-write-failed', /ends at byte/);
});

test('a device that fails is told as failing, and its writer leaves it to others', async () => {
  await using disk = await failingDisk(20 * MiB);
  await using device = await loopDevice(disk.path);
  {
    await using writer = await openBlockDevice(device.path, 20 * MiB, used);
    await writer.write(0, noise('a', MiB));
    await disk.fail();
    await fails(writer.sync(), 'target-write-failed', /EIO/);
  }
  await fails(openBlockDevice(device.path, 20 * MiB, used), 'target-write-failed', /EIO/);
  await disk.heal();
  await using writer = await openBlockDevice(device.path, 20 * MiB, used);
  await writer.publish(20 * MiB);
  await using file = await open(device.path, 'r');
  assert.ok((await file.readFile()).equals(Buffer.alloc(20 * MiB)));
});

test('a device that lost something once is not believed again by the same writer', async () => {
  await using disk = await failingDisk(2 * MiB);
  await using device = await loopDevice(disk.path);
  await using writer = await openBlockDevice(device.path, 2 * MiB, used);
  await writer.write(0, noise('lost', MiB));
  await disk.fail();
  await fails(writer.sync(), 'target-write-failed', /EIO/);
  await disk.heal();
  // The kernel tells of it once, and has forgotten what was to be written.
  await fails(writer.sync(), 'target-write-failed', /EIO/);
});

test('the space of old data goes back to a thin device', async () => {
  await using place = await scratch();
  await writeFile(place.path('backing'), noise('old', 20 * MiB));
  await using device = await loopDevice(place.path('backing'));
  await using _ = await openBlockDevice(device.path, 20 * MiB, used);
  assert.equal((await stat(place.path('backing'))).blocks, 0);
});

test('blanking a device is canceled like anything else', async () => {
  await using place = await scratch();
  await writeFile(place.path('backing'), noise('old', 20 * MiB));
  await using device = await loopDevice(place.path('backing'));
  await fails(openBlockDevice(device.path, MiB, { blanked: false, signal: AbortSignal.abort() }), 'canceled');
});
