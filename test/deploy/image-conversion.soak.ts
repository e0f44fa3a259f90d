/**
 * The image of workers that convert guests: built without a daemon, and its appliance booted in it as user 107, with nothing but what is in it. Minutes:
 * its layer of Debian is made once and kept beside the other peers.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROJECT = path.resolve(import.meta.dirname, '../..');
const CACHE = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'kubeferry', 'image');
const APPLIANCE = {
  LIBGUESTFS_BACKEND: 'direct',
  LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg',
  ...{ LIBGUESTFS_CACHEDIR: '/tmp/cache', LIBGUESTFS_TMPDIR: '/tmp/cache', TMPDIR: '/tmp/cache', XDG_RUNTIME_DIR: '/tmp/cache' },
};

interface Descriptor {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

test('its appliance boots as the user of the image, and knows the file systems of guests', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-conversion-'));
  t.after(async () => await rm(folder, { recursive: true, force: true }));
  const image = path.join(folder, 'image');
  await run(path.join(PROJECT, 'deploy/image/build.sh'), [image, 'conversion'], {
    env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000', KUBEFERRY_IMAGE_CACHE: CACHE },
  });
  const blob = ({ digest }: Descriptor): string => path.join(image, 'blobs', digest.replace(':', '/'));
  const { manifests } = JSON.parse(await readFile(path.join(image, 'index.json'), 'utf8')) as { manifests: [Descriptor] };
  const { version } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8'));
  assert.equal(manifests[0].annotations?.['org.opencontainers.image.ref.name'], `${version}-conversion`);
  const { layers } = JSON.parse(await readFile(blob(manifests[0]), 'utf8')) as { layers: readonly Descriptor[] };
  const root = path.join(folder, 'root');
  await mkdir(root);
  for (const layer of layers) await run('tar', ['-xzf', blob(layer), '-C', root, '--numeric-owner', '--same-permissions']);
  // A runtime brings these.
  for (const name of ['dev', 'proc']) await mkdir(path.join(root, name), { recursive: true });
  for (const [name, minor] of [
    ['null', '3'],
    ['zero', '5'],
    ['urandom', '9'],
  ] as const)
    await run('mknod', ['-m', '666', path.join(root, 'dev', name), 'c', '1', minor]);
  await mkdir(path.join(root, 'tmp/cache'));
  await chmod(path.join(root, 'tmp'), 0o1777);
  await writeFile(path.join(root, 'tmp/disk.img'), '');
  await truncate(path.join(root, 'tmp/disk.img'), 64 * 2 ** 20);
  for (const file of ['tmp/cache', 'tmp/disk.img']) await chown(path.join(root, file), 107, 107);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/tmp', ...APPLIANCE };
  const enter = 'mount -t proc proc "$0/proc" && exec chroot --userspec=107:107 --groups= "$0" "$@"';
  const inside = async (...argv: readonly string[]): Promise<string> =>
    (await run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', enter, root, ...argv], { env })).stdout;
  assert.match(await inside('/usr/bin/virt-v2v-in-place', '--version'), /^virt-v2v-in-place \d/);
  const asked = ['run', ':', 'list-devices', ':', 'available-all-groups'];
  const known = (await inside('/usr/bin/guestfish', '--format=raw', '-a', '/tmp/disk.img', ...asked)).split('\n');
  for (const word of ['/dev/sda', 'xfs', 'btrfs', 'lvm2', 'luks', 'ntfs3g', 'hivex', 'mdadm'])
    assert.ok(known.includes(word), `${word} is not among ${known.join(' ')}`);
});
