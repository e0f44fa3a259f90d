import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { fitVirtioWin, readVirtioWin, releasesFor } from '../../../../src/convert/guest/windows/virtio-win.ts';
import { makeTree } from '../images.ts';

const run = promisify(execFile);

const SERVER_2019 = {
  version: { major: 10, minor: 0 },
  variant: 'Server',
  product: 'Windows Server 2019 Standard',
  arch: 'x86_64',
};
const SERVER_2012R2 = { version: { major: 6, minor: 3 }, variant: 'Server', product: 'Windows Server 2012 R2', arch: 'x86_64' };

describe('virtio-win', () => {
  let folder: string;
  let tree: string;
  let image: string;
  let plain: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'virtio-win-'));
    tree = path.join(folder, 'tree');
    await makeTree(tree, {
      'viostor/2k19/amd64/viostor.inf': '',
      'viostor/w10/amd64/viostor.inf': '',
      'viostor/w10/x86/viostor.inf': '',
      'viostor/2k12R2/x86/viostor.inf': '',
      'NetKVM/2k19/amd64/netkvm.inf': '',
      'NetKVM/w10/ARM64/netkvm.inf': '',
      'guest-agent/qemu-ga-x86_64.msi': '',
      // A folder of several sectors, with the driver in the last one.
      ...Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`NetKVM/2k19/amd64/a-file-${at}.txt`, ''])),
    });
    [image, plain] = [path.join(folder, 'joliet.iso'), path.join(folder, 'plain.iso')];
    const make = ['-as', 'mkisofs', '-quiet', '-V', 'virtio-win-0.1.240'];
    await run('xorriso', [...make, '-J', '-o', image, tree]);
    await run('xorriso', [...make, '-iso-level', '3', '-o', plain, tree]);
  });
  after(() => rm(folder, { recursive: true }));

  it('has drivers by release and processor, as a folder and as an image', async () => {
    const expected = { disk: ['2k19', 'w10'], nic: ['2k19'] };
    assert.deepEqual(await readVirtioWin(tree, 'x86_64'), expected);
    for (const file of [image, plain]) {
      assert.deepEqual(await readVirtioWin(file, 'x86_64'), { label: 'virtio-win-0.1.240', ...expected });
    }
    assert.deepEqual(await readVirtioWin(tree, 'aarch64'), { disk: [], nic: ['w10'] });
  });

  it('is taken as distributions unpack it, too', async () => {
    const unpacked = path.join(folder, 'unpacked');
    await makeTree(unpacked, {
      'drivers/amd64/Win10/x.txt': '',
      'drivers/amd64/2k22/viostor.inf': '',
      'drivers/amd64/2k22/netkvm.inf': '',
    });
    assert.deepEqual(await readVirtioWin(unpacked, 'x86_64'), { disk: ['2k22'], nic: ['2k22'] });
  });

  it('fits a release or lacks drivers for it', async () => {
    const releases = ['2k19', 'w10'];
    assert.deepEqual(await fitVirtioWin(image, SERVER_2019), {
      ...{ place: image, label: 'virtio-win-0.1.240', wanted: ['2k19'], releases, missing: [] },
    });
    assert.deepEqual((await fitVirtioWin(image, SERVER_2012R2)).missing, ['disk', 'network']);
    const client = { version: { major: 10, minor: 0 }, variant: 'Client', product: 'Windows 10 Pro', arch: 'x86_64' };
    assert.deepEqual(await fitVirtioWin(tree, client), { place: tree, wanted: ['w10', 'w11'], releases, missing: ['network'] });
    assert.deepEqual((await fitVirtioWin(tree, { ...client, arch: 'i386' })).releases, ['2k12r2', 'w10']);
  });

  it('is missing where the place is none', async () => {
    const other = path.join(folder, 'other');
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(100_000, 'CD001'), Buffer.alloc(40 * 2048, 1)]) {
      await writeFile(other, bytes);
      await assert.rejects(readVirtioWin(other, 'x86_64'), { code: 'virtio-win-missing' });
    }
    await assert.rejects(readVirtioWin(path.join(folder, 'nothing'), 'x86_64'), { code: 'virtio-win-missing' });
  });
});

describe('a release of Windows', () => {
  const cases: readonly (readonly [number, number, string, string, readonly string[]])[] = [
    [6, 1, 'Client', 'Windows 7', ['w7']],
    [6, 1, 'Server', 'Windows Server 2008 R2', ['2k8r2']],
    [10, 0, 'Client', 'Windows 11 Pro', ['w11', 'w10']],
    [10, 0, 'Server', 'Windows Server 2016', ['2k16']],
    [10, 0, 'Server', 'Windows Server 2025', ['2k25', '2k22']],
    [10, 0, 'Server', 'Windows Server 2040', []],
    [12, 0, 'Client', 'Windows 12', []],
  ];
  for (const [major, minor, variant, product, folders] of cases) {
    it(`has its folders: ${product}`, () => {
      assert.deepEqual(releasesFor({ version: { major, minor }, variant, product }), folders);
    });
  }
});
