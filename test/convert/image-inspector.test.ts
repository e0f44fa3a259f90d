/** Guests of images that nobody has copied yet: qemu-nbd shows them, the appliance of libguestfs looks. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { imageInspector } from '../../src/convert/image-inspector.ts';
import type { ImageSource } from '../../src/model/transfer.ts';
import { showImage } from '../../src/transfer/transports/file/share-image.ts';
import { fakeVm } from '../fakes/vm.ts';
import { run } from '../transfer/fixture.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'image-inspector-'));
after(() => rm(folder, { recursive: true }));

const SIZE = 64 * 1024 ** 2;
const signal = AbortSignal.timeout(300_000);
const cacheFolder = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'kubeferry', 'appliance');

/** A root file system on a disk of its own, as a VMDK with the guest's grains compressed. */
async function image(): Promise<ImageSource> {
  const tree = path.join(folder, 'tree');
  await mkdir(path.join(tree, 'etc'), { recursive: true });
  for (const name of ['bin', 'usr', 'var', 'lib']) await mkdir(path.join(tree, name));
  const release = 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n';
  await writeFile(path.join(tree, 'etc/os-release'), release);
  await writeFile(path.join(tree, 'etc/debian_version'), '12.5\n');
  await writeFile(path.join(tree, 'etc/fstab'), '/dev/sda / ext4 defaults 0 1\n');
  const raw = path.join(folder, 'root.raw');
  await run('mke2fs', '-q', '-t', 'ext4', '-d', tree, raw, '64M');
  const file = path.join(folder, 'root.vmdk');
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, file);
  const { size: length } = await stat(file);
  return { kind: 'image', layers: [{ format: 'vmdk', slices: [{ path: file, offset: 0, length }] }], capacity: SIZE };
}

const source = await image();
const file = path.join(folder, 'root.vmdk');
const digest = async (): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

test('the guest of a compressed image is found where it lies, and the image stays as it is', async () => {
  const before = await digest();
  const inspect = imageInspector({ show: () => showImage(source, signal), cacheFolder, accelerator: async () => 'tcg' });
  const disks = [{ key: 'scsi0:0', label: 'Hard disk 1', capacity: SIZE, format: { container: 'vmdk' } as const }];
  const found = await inspect(fakeVm({ disks }), {}, signal);
  assert.deepEqual(
    found?.systems.map(({ distro, version, root }) => ({ distro, version, root })),
    [{ distro: 'debian', version: { major: 12, minor: 5 }, root: '/dev/sda' }],
  );
  assert.equal(await digest(), before);
});

test('a VM with a disk that cannot be shown is not looked into by halves', async () => {
  const shown: string[] = [];
  const inspect = imageInspector({
    show: async (_vm, disk) => {
      if (disk !== 'scsi0:0') return undefined;
      return { socket: '/nowhere', [Symbol.asyncDispose]: async () => void shown.push(disk) };
    },
    cacheFolder,
    accelerator: () => assert.fail('no appliance is started'),
  });
  const disks = ['scsi0:0', 'scsi0:1'].map((key) => ({ key, label: key, capacity: SIZE, format: { container: 'raw' } as const }));
  assert.equal(await inspect(fakeVm({ disks }), {}, signal), undefined);
  assert.deepEqual(shown, ['scsi0:0'], 'what was shown is hidden again');
});

test('what can be read from its beginning only is not shown', async () => {
  const [layer] = source.layers;
  assert.equal(await showImage({ ...source, layers: [{ ...layer, gzip: { inflated: SIZE } }] }, signal), undefined);
});
