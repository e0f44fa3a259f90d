/**
 * One appliance looks at three disks made here: a guest with UEFI loaders on the second one, an encrypted volume, and Windows asleep.
 * Takes the time of one start of the appliance under emulation, about 40 s; the appliance itself is built once and kept.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { guestConverter } from '../../../src/convert/guest/converter.ts';
import { quoted } from '../../../src/convert/guest/guestfish.ts';
import { parseApplications } from '../../../src/convert/guest/inspect-software.ts';
import type { GuestInspection } from '../../../src/model/guest-inspection.ts';
import { applianceCache, blank, makeTree, makeUefiDisk, typed } from './images.ts';

const run = promisify(execFile);
const KERNEL = '6.1.0-9-amd64';

describe('the inspection of disks', () => {
  let folder: string;
  let files: string[];
  let digests: string[];
  let found: GuestInspection;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'inspect-'));
    files = [await sleepingWindows(folder), await linuxGuest(folder), await encryptedVolume(folder)];
    digests = await Promise.all(files.map(digest));
    found = await guestConverter({ cacheFolder: await applianceCache() }).inspect(
      {
        vm: 'guest',
        copy: 'first',
        disks: files.map((file, at) => ({ key: `disk${at}`, path: file })),
        firmware: 'uefi',
        nics: [],
      },
      {
        workspace: path.join(folder, 'workspace'),
        accelerator: 'tcg',
        keys: [{ passphrase: 'not this "one" \\' }, { passphrase: 'a "good" \\ one' }],
        signal: AbortSignal.timeout(300_000),
      },
    );
  });
  after(() => rm(folder, { recursive: true }));

  it('finds the system on the second disk', () => {
    const [system, ...more] = found.systems;
    assert.deepEqual(more, []);
    assert.equal(system?.root, '/dev/sdb2');
    assert.equal(system.distro, 'debian');
    assert.deepEqual(system.version, { major: 12, minor: 5 });
    assert.equal(system.hostname, 'web01');
    assert.equal(system.packages, 'deb');
    assert.deepEqual(found.root, { device: '/dev/sdb2', because: 'it is the only one on the disks' });
  });

  it('finds its loaders, and that it boots without stored entries', () => {
    assert.equal(found.boot.table, 'gpt');
    assert.deepEqual(found.boot.uefi, { device: '/dev/sdb1', loaders: ['/efi/boot/bootx64.efi'], fallback: true });
    assert.equal(found.boot.bios, false);
  });

  it('finds file systems with size, free space and state', () => {
    const root = found.filesystems.find(({ device }) => device === '/dev/sdb2');
    assert.equal(root?.kind, 'ext4');
    assert.ok(root.size !== undefined && root.free !== undefined && root.free > 0 && root.free < root.size, JSON.stringify(root));
    const windows = found.filesystems.find(({ device }) => device === '/dev/sda');
    assert.equal(windows?.kind, 'ntfs');
    assert.equal(windows.state, 'hibernated');
  });

  it('finds encrypted volumes and opens them with the key that fits', () => {
    assert.deepEqual(
      found.encrypted.map(({ device, kind, opened }) => ({ device, kind, opened })),
      [{ device: '/dev/sdc', kind: 'luks', opened: true }],
    );
  });

  it('finds drivers, tools, packages and the configuration of the network', () => {
    assert.deepEqual(found.drivers, {
      kernels: [{ version: KERNEL, virtio: true, virtioNet: true, bootable: true, virtioAtBoot: false }],
    });
    assert.deepEqual(found.boot.diskNames, ['/dev/sda2']);
    assert.deepEqual(found.tools, ['open-vm-tools']);
    assert.deepEqual(found.applications[0], { name: 'open-vm-tools', version: '12.2.0-1' });
    assert.deepEqual(found.nicNames, ['ens192']);
    assert.deepEqual(found.network, [
      { kind: 'ifupdown', path: '/etc/network/interfaces', text: 'auto ens192\niface ens192 inet dhcp\n' },
    ]);
  });

  it('changes nothing', async () => {
    assert.deepEqual(await Promise.all(files.map(digest)), digests);
  });
});

describe('the list of packages', () => {
  it('is counted in full and kept in part', () => {
    const one = (at: number): string =>
      `[${at}] = {\n  app2_name: p${at}\n  app2_display_name: \n  app2_version: 1\n  app2_release: ${at % 2 === 0 ? '' : '2'}\n}`;
    const { first, count } = parseApplications(Array.from({ length: 1_200 }, (_, at) => one(at)).join('\n'));
    assert.equal(count, 1_200);
    assert.equal(first.length, 1_000);
    assert.deepEqual(first.slice(0, 2), [
      { name: 'p0', version: '1' },
      { name: 'p1', version: '1-2' },
    ]);
  });
});

describe('an argument of guestfish', () => {
  it('cannot end its quotes or its line, whatever a file is called', () => {
    assert.equal(quoted('/a b"\n!rm\\'), '"/a b\\x22\\x0a!rm\\x5c"');
    assert.equal(quoted('/ä'), '"/\\xc3\\xa4"');
  });
});

async function linuxGuest(folder: string): Promise<string> {
  const tree = path.join(folder, 'tree');
  await makeTree(tree, {
    'etc/os-release': 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
    'etc/debian_version': '12.5\n',
    'etc/hostname': 'web01\n',
    // As the guest saw it before other disks came first.
    'etc/fstab': '/dev/sda2 / ext4 defaults 0 1\n',
    'etc/network/interfaces': 'auto ens192\niface ens192 inet dhcp\n',
    'var/lib/dpkg/status': 'Package: open-vm-tools\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2:12.2.0-1\n\n',
    [`boot/vmlinuz-${KERNEL}`]: 'kernel',
    [`lib/modules/${KERNEL}/modules.dep`]:
      'kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko\nkernel/drivers/net/virtio_net.ko: x.ko\n',
    [`lib/modules/${KERNEL}/modules.builtin`]: 'kernel/fs/ext4/ext4.ko\n',
  });
  await initialRamDisk(path.join(folder, 'ramdisk'), path.join(tree, `boot/initrd.img-${KERNEL}`));
  const loaders = path.join(folder, 'loaders');
  await makeTree(loaders, { 'EFI/BOOT/BOOTX64.EFI': 'loader' });
  return await makeUefiDisk(folder, { root: tree, esp: loaders });
}

/** It holds the driver of VMware's controller alone. */
async function initialRamDisk(tree: string, file: string): Promise<void> {
  await mkdir(path.join(tree, 'drivers'), { recursive: true });
  await writeFile(path.join(tree, 'drivers/vmw_pvscsi.ko'), 'driver');
  await run('sh', ['-c', 'cd "$1" && find . | cpio -o -H newc --quiet | gzip > "$2"', 'sh', tree, file]);
}

async function sleepingWindows(folder: string): Promise<string> {
  const disk = await blank(path.join(folder, 'windows.raw'), 16);
  await run('mkntfs', ['-q', '-F', disk]);
  const memory = path.join(folder, 'hiberfil.sys');
  await writeFile(memory, Buffer.alloc(8192, 'hibr'));
  await run('ntfscp', ['-q', disk, memory, 'hiberfil.sys']);
  return disk;
}

async function encryptedVolume(folder: string): Promise<string> {
  const disk = await blank(path.join(folder, 'luks.raw'), 20);
  const argv = ['-q', 'luksFormat', '--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000', disk, '-'];
  await typed('cryptsetup', argv, 'a "good" \\ one');
  return disk;
}

async function digest(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
