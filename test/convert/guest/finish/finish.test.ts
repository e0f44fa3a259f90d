/**
 * One appliance finishes two guests made here: a Linux that was at VMware, and what libguestfs takes for a Windows. Takes the time of one start
 * of the appliance under emulation; the appliance itself is built once and kept.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type FinishOutcome, finishSystem } from '../../../../src/convert/guest/finish/finish.ts';
import { quickLook } from '../../../../src/convert/guest/finish/quick-look.ts';
import { runScripts } from '../../../../src/convert/guest/finish/scripts.ts';
import { type Guestfish, quoted, withGuestfish } from '../../../../src/convert/guest/guestfish.ts';
import { readDrivers } from '../../../../src/convert/guest/inspect-drivers.ts';
import type { InspectedDrivers, InspectedSystem } from '../../../../src/model/guest-inspection.ts';
import { parseMac } from '../../../../src/model/units.ts';
import { applianceCache, blank, makeTree, makeUefiDisk } from '../images.ts';
import { hiveText, makeHive } from '../windows/hive.ts';

const run = promisify(execFile);
const mac = parseMac('00:50:56:00:00:01');
assert.ok(mac);
const NICS = [{ label: 'Network adapter 1', mac, guestIp: { dhcp: false, addresses: [{ address: 'fd00::5', prefix: 64 }] } }];
const FIRST_BOOT = '/Program Files/Guestfs/Firstboot';

describe('finishing a guest', () => {
  let folder: string;
  let linux: FinishOutcome;
  let windows: FinishOutcome;
  let drivers: InspectedDrivers | undefined;
  let failing: string;
  let quick: InspectedSystem | undefined;
  let quickWithWindows: InspectedSystem | undefined;
  const files = new Map<string, string>();
  const modes = new Map<string, string>();

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'finish-'));
    const disks = [
      { path: await linuxDisk(folder), format: 'raw' as const },
      { path: await blank(path.join(folder, 'windows.raw'), 32), format: 'raw' as const },
    ];
    const signal = AbortSignal.timeout(600_000);
    const appliance = { accelerator: 'tcg' as const, cacheFolder: await applianceCache(), temporary: folder };
    await withGuestfish(disks, { vm: 'guest', appliance, signal, write: true }, async (session) => {
      quick = await quickLook(session, undefined);
      const about = { vm: 'guest', nics: NICS };
      linux = await finishSystem(session, {
        ...about,
        firmware: 'uefi',
        root: '/dev/sda2',
        scripts: [
          { name: 'mark', when: 'conversion', text: 'echo hello; cat /etc/hostname > /etc/marked' },
          { name: 'later', when: 'first-boot', text: '#!/bin/sh\necho later\n' },
        ],
      });
      await session.ask('mount /dev/sda2 /');
      const kept = ['etc/default/grub', 'boot/grub/grub.cfg', 'boot/loader/entries/a.conf', 'etc/fstab', 'etc/marked'];
      for (const name of [...kept, ...linux.changes.flatMap(({ file }) => file?.slice(1) ?? [])]) await keep(session, `/${name}`);
      await keep(session, '/etc/systemd/system/run-vmblock\\x2dfuse.mount.d/kubeferry.conf');
      failing = await runScripts(session, [{ name: 'no', when: 'conversion', text: 'echo sorry\nexit 3' }], about).then(
        () => 'it did not fail',
        (error: unknown) => String(error),
      );
      await session.ask('umount-all');
      await session.ask('mount /dev/sda1 /');
      for (const name of ['BOOTX64.EFI', 'grubx64.efi', 'grub.cfg']) await keep(session, `/EFI/BOOT/${name}`);
      await session.ask('umount-all');
      await makeWindows(session, folder);
      quickWithWindows = await quickLook(session, undefined);
      const script = { name: 'join.ps1', when: 'first-boot' as const, text: 'Write-Output 1' };
      windows = await finishSystem(session, { ...about, firmware: 'bios', root: '/dev/sdb', scripts: [script] });
      await keep(session, `${FIRST_BOOT}/kubeferry-join.ps1`);
      await keep(session, `${FIRST_BOOT}/scripts/9000-0001-kubeferry-addresses-005056000001.bat`);
      drivers = await readDrivers(session, { root: '/dev/sdb', type: 'windows' }, { folder, signal });
      await session.ask(`download /Windows/System32/config/SYSTEM ${quoted(path.join(folder, 'after'))}`);
    });
  });
  after(() => rm(folder, { recursive: true }));

  async function keep(session: Guestfish, file: string): Promise<void> {
    if (!(await session.is(`is-file ${quoted(file)}`))) return;
    files.set(file, (await session.ask(`cat ${quoted(file)}`)).slice(0, -1));
    modes.set(file, (await session.ask(`statns ${quoted(file)}`)).match(/st_mode: (\d+)/)?.[1] ?? '');
  }

  it('needs no inspection in full where one plain Linux is all there is', () => {
    assert.deepEqual(quick, {
      root: '/dev/sda2',
      type: 'linux',
      distro: 'debian',
      product: 'Debian GNU/Linux 12 (bookworm)',
      version: { major: 12, minor: 0 },
      mounts: [
        { path: '/', device: '/dev/sda2' },
        { path: '/boot/efi', device: '/dev/sda1' },
      ],
    });
    assert.equal(quickWithWindows, undefined);
  });

  it('gives it a serial console at its first boot and at all later ones', () => {
    const words = 'console=tty0 console=ttyS0,115200n8';
    assert.match(files.get('/boot/grub/grub.cfg') ?? '', new RegExp(`vmlinuz root=UUID=1 ro ${words}$`, 'm'));
    assert.match(files.get('/boot/loader/entries/a.conf') ?? '', new RegExp(`^options root=UUID=1 ${words}$`, 'm'));
    assert.match(files.get('/etc/default/grub') ?? '', new RegExp(`^GRUB_CMDLINE_LINUX="quiet ${words}"$`, 'm'));
  });

  it('keeps the tools of VMware from starting, and its shared folders from being mounted', () => {
    const condition = '[Unit]\nConditionVirtualization=vmware\n';
    assert.equal(files.get('/etc/systemd/system/open-vm-tools.service.d/kubeferry.conf'), condition);
    assert.equal(files.get('/etc/systemd/system/run-vmblock\\x2dfuse.mount.d/kubeferry.conf'), condition);
    assert.equal(
      files.get('/etc/fstab'),
      '/dev/sda2 / ext4 defaults 0 1\nLABEL=ESP /boot/efi vfat umask=0077 0 1\n# kubeferry: .host:/ /mnt/hgfs fuse.vmhgfs-fuse defaults 0 0\n',
    );
  });

  it('keeps the names of its NICs', () => {
    assert.match(files.get('/etc/systemd/network/10-kubeferry-ens192.link') ?? '', /MACAddress=00:50:56:00:00:01/);
  });

  it('tells which addresses stand in it, what becomes of its agent, and how many kernels it has', () => {
    assert.deepEqual(linux.configured, [{ mac, addresses: ['2001:db8::10/64'], gateways: [] }]);
    assert.equal(linux.agent, 'announced');
    assert.equal(linux.kernels, 1);
    assert.equal(windows.configured, undefined);
  });

  it('leaves for the first boot what the guest has to do itself, ready to run', () => {
    const folderOf = '/usr/lib/kubeferry/first-boot';
    assert.match(files.get(`${folderOf}/01-qemu-guest-agent`) ?? '', /install qemu-guest-agent/);
    assert.equal(files.get(`${folderOf}/02-later`), '#!/bin/sh\necho later\n');
    assert.equal(Number(modes.get(`${folderOf}/02-later`)) & 0o777, 0o755);
  });

  it('runs scripts in the guest and tells what they printed; one that fails is an error', () => {
    assert.equal(files.get('/etc/marked'), 'web01\n');
    assert.ok(linux.changes.some(({ what }) => /mark ran in the guest, and said: hello/.test(what)));
    assert.match(failing, /The script no ended with status 3: sorry/);
  });

  it('makes a fallback loader of the own one', () => {
    assert.equal(files.get('/EFI/BOOT/BOOTX64.EFI'), 'shim');
    assert.equal(files.get('/EFI/BOOT/grubx64.efi'), 'grub');
    assert.match(files.get('/EFI/BOOT/grub.cfg') ?? '', /configfile \(\$root\)\/EFI\/debian\/grub\.cfg/);
  });

  it('lists every change, and warns of a clock that nobody sets', () => {
    assert.deepEqual(
      linux.changes.map(({ subject, file }) => file ?? subject),
      [
        '/etc/systemd/network/10-kubeferry-ens192.link',
        '/boot/grub/grub.cfg',
        '/boot/loader/entries/a.conf',
        '/etc/default/grub',
        '/etc/systemd/system/open-vm-tools.service.d/kubeferry.conf',
        '/etc/fstab',
        '/usr/lib/kubeferry/first-boot/01-qemu-guest-agent',
        '/usr/lib/kubeferry/first-boot/02-later',
        'system',
        '/EFI/BOOT/BOOTX64.EFI',
      ],
    );
    assert.match(linux.warnings.join('\n'), /Nothing in the guest keeps its clock right/);
  });

  it('disables the tools of VMware in the registry of Windows, and sets what virt-v2v cannot at the first boot', async () => {
    assert.equal(windows.guest, 'Windows Server 2019 Standard');
    assert.match(windows.changes[0]?.what ?? '', /VMTools of VMware Tools is disabled/);
    const before = await hiveText(path.join(folder, 'SYSTEM'), '\\');
    assert.match(before, /VMTools\]\n"Start"=dword:00000002/);
    assert.equal(
      await hiveText(path.join(folder, 'after'), '\\'),
      before.replace('"Start"=dword:00000002', '"Start"=dword:00000004'),
    );
    assert.equal(files.get(`${FIRST_BOOT}/kubeferry-join.ps1`), 'Write-Output 1\r\n');
    assert.ok(files.has(`${FIRST_BOOT}/scripts/9000-0001-kubeferry-addresses-005056000001.bat`));
  });

  it('finds the drivers of Windows in its registry', () => {
    assert.deepEqual(drivers, {
      kernels: [{ version: 'windows', virtio: true, virtioAtBoot: true }],
      services: [
        { name: 'viostor', start: 0, file: true },
        { name: 'netkvm', start: 3, file: false },
      ],
    });
  });
});

async function linuxDisk(folder: string): Promise<string> {
  const root = path.join(folder, 'tree');
  await makeTree(root, {
    'etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
    'etc/debian_version': '12.5\n',
    'etc/hostname': 'web01\n',
    'boot/efi/README': '',
    // The appliance puts its own devices there.
    'dev/README': '',
    'etc/hosts': '127.0.0.1 localhost\n',
    'etc/fstab':
      '/dev/sda2 / ext4 defaults 0 1\nLABEL=ESP /boot/efi vfat umask=0077 0 1\n.host:/ /mnt/hgfs fuse.vmhgfs-fuse defaults 0 0\n',
    'etc/network/interfaces': 'auto ens192\niface ens192 inet dhcp\niface ens192 inet6 static\n  address 2001:db8::10/64\n',
    'boot/vmlinuz-6.1.0-40-amd64': '',
    'boot/vmlinuz-0-rescue-1': '',
    'etc/default/grub': 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="quiet"\n',
    'boot/grub/grub.cfg': 'menuentry a {\n\tlinux /boot/vmlinuz root=UUID=1 ro\n\tinitrd /boot/initrd\n}\n',
    'boot/loader/entries/a.conf': 'title a\nlinux /vmlinuz\noptions root=UUID=1\n',
    'usr/lib/systemd/systemd': '',
    'usr/lib/systemd/system/open-vm-tools.service': '[Service]\nExecStart=/usr/bin/vmtoolsd\n',
    'usr/lib/systemd/system/run-vmblock\\x2dfuse.mount': '[Mount]\nWhat=vmware-vmblock\n',
  });
  // A shell that runs in the appliance.
  for (const program of ['bin/sh', 'bin/cat', 'usr/bin/tail', 'bin/rm', 'usr/bin/env'])
    await cp(`/${program}`, path.join(root, program), { dereference: true });
  const { stdout } = await run('ldd', ['/bin/sh']);
  for (const [library] of stdout.matchAll(/\/lib\S+/g)) {
    await mkdir(path.dirname(path.join(root, library)), { recursive: true });
    await cp(library, path.join(root, library), { dereference: true });
  }
  const esp = path.join(folder, 'esp');
  await makeTree(esp, { 'EFI/debian/shimx64.efi': 'shim', 'EFI/debian/grubx64.efi': 'grub', 'EFI/debian/grub.cfg': 'menu' });
  return await makeUefiDisk(folder, { root, esp });
}

/** Enough of it for libguestfs, and what virt-v2v leaves. */
async function makeWindows(session: Guestfish, folder: string): Promise<void> {
  const system = await makeHive(path.join(folder, 'SYSTEM'), {
    Select: ['"Current"=dword:00000001'],
    'ControlSet001\\Services\\VMTools': ['"Start"=dword:00000002'],
    'ControlSet001\\Services\\VGAuthService': ['"Start"=dword:00000004'],
    'ControlSet001\\Control\\TimeZoneInformation': ['"RealTimeIsUniversal"=dword:00000001'],
    'ControlSet001\\Services\\viostor': ['"Start"=dword:00000000'],
    'ControlSet001\\Services\\netkvm': ['"Start"=dword:00000003'],
  });
  const software = await makeHive(path.join(folder, 'SOFTWARE'), {
    'Microsoft\\Windows NT\\CurrentVersion': [
      '"ProductName"="Windows Server 2019 Standard"',
      '"CurrentVersion"="6.3"',
      '"CurrentMajorVersionNumber"=dword:0000000a',
      '"InstallationType"="Server"',
    ],
  });
  await session.must('mkfs ntfs /dev/sdb');
  await session.must('mount /dev/sdb /');
  await session.must('mkdir-p /Windows/System32/config');
  await session.must('mkdir-p /Windows/System32/drivers');
  await session.must(`mkdir-p ${quoted(`${FIRST_BOOT}/scripts`)}`);
  for (const name of ['autoexec.bat', 'Windows/System32/drivers/viostor.sys']) await session.must(`touch /${name}`);
  const program = path.join(folder, 'cmd.exe');
  await writeFile(program, emptyProgram());
  await session.must(`upload ${quoted(program)} /Windows/System32/cmd.exe`);
  await session.must(`upload ${quoted(system)} /Windows/System32/config/SYSTEM`);
  await session.must(`upload ${quoted(software)} /Windows/System32/config/SOFTWARE`);
  await session.must('umount-all');
}

/** The first bytes of a 64-bit program, by which its processor is told: headers of MS-DOS and PE. */
function emptyProgram(): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('MZ', 0);
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80);
  bytes.writeUInt16LE(0x8664, 0x84);
  bytes.writeUInt16LE(0xf0, 0x94);
  bytes.writeUInt16LE(0x22, 0x96);
  bytes.writeUInt16LE(0x20b, 0x98);
  return bytes;
}
