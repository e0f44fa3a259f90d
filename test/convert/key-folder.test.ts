import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readKeyFolder } from '../../src/convert/key-folder.ts';

const UUID = '6f1e3a52-7c2f-4c4b-9d1e-2f3a4b5c6d7e';

test('a mounted Secret holds keys of named volumes, of volumes by their UUID, and of any', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-keys-'));
  t.after(async () => await rm(folder, { recursive: true }));
  // As Kubernetes mounts it: links into a folder that begins with dots.
  const data = path.join(folder, '..2030');
  await mkdir(data);
  for (const [name, text] of Object.entries({
    any: 'spare\n',
    disks: '/dev/sda2=first\n/dev/vg0/root=second\n',
    [UUID]: 'third',
  })) {
    await writeFile(path.join(data, name), text);
    await symlink(path.join('..2030', name), path.join(folder, name));
  }
  await symlink('..2030', path.join(folder, '..data'));
  assert.deepEqual(await readKeyFolder(folder), [
    { volume: UUID, passphrase: 'third' },
    { passphrase: 'spare' },
    { volume: '/dev/sda2', passphrase: 'first' },
    { volume: '/dev/vg0/root', passphrase: 'second' },
  ]);
});

test('where no Secret is mounted there are no keys; one that holds none is told without its content', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-keys-'));
  t.after(async () => await rm(folder, { recursive: true }));
  assert.deepEqual(await readKeyFolder(path.join(folder, 'none')), []);
  await writeFile(path.join(folder, 'keys'), '\n\n');
  await assert.rejects(readKeyFolder(folder), /holds no passphrase/);
});
